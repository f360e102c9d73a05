/** What each shell is told. They ask `drover complete`, which knows the commands, and knows how their own shell shows an answer. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Words are split anew, because bash splits at : and =, too; so what is before the last of them is taken away from each answer. */
const BASH = String.raw`# Completion of drover for bash. For every shell from now on:
#   mkdir -p ~/.local/share/bash-completion/completions
#   drover completion bash > ~/.local/share/bash-completion/completions/drover
# For this one: source <(drover completion bash)
_drover() {
  local program=\${COMP_WORDS[0]/#\~/$HOME} line=\${COMP_LINE:0:$COMP_POINT} word value description
  local alias=\${BASH_ALIASES[$program]-}
  if [ -n "$alias" ]; then
    line="$alias\${line#*"$program"}"
    program=\${alias%% *}
  fi
  word=\${line##*[[:space:]]}
  local kept=\${word%"\${word##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r value description; do
    case $value in
      :files) compopt -o default ;;
      :folders) compopt -o dirnames ;;
      :none) ;;
      *) COMPREPLY+=("\${value#"$kept"}") ;;
    esac
  done < <("$program" complete --line "$line" 2> /dev/null)
}
complete -F _drover drover
`.replaceAll('\\$', '$');

const ZSH = String.raw`#compdef drover
# Completion of drover for zsh. For every shell from now on, in a folder of $fpath:
#   drover completion zsh > "\${fpath[1]}/_drover"
# For this one: source <(drover completion zsh)
_drover() {
  local line value description files=none
  local -a described
  for line in "\${(@f)$("\${(Q)words[1]/#\~/$HOME}" complete -- "\${(@Q)words[1,CURRENT-1]}" "$PREFIX" 2> /dev/null)}"; do
    value=\${line%%$'\t'*} description=\${line#*$'\t'}
    case $value in
      :*) files=\${value#:} ;;
      ?*) described+=("\${value//:/\\:}:$description") ;;
    esac
  done
  (( $#described )) && _describe -t drover drover described
  case $files in
    files) _files ;;
    folders) _files -/ ;;
  esac
}
if [ "$funcstack[1]" = _drover ]; then
  _drover "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
  compdef _drover drover
fi
`.replaceAll('\\$', '$');

const FISH = String.raw`# Completion of drover for fish. For every shell from now on:
#   drover completion fish > ~/.config/fish/completions/drover.fish
# For this one: drover completion fish | source
function __drover_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  test (count $current) -gt 0; or set current ''
  set -l program (string replace -r '^~' $HOME -- $words[1])
  for line in ($program complete -- $words $current 2> /dev/null)
    switch $line
      case ':files*'
        __fish_complete_path $current
      case ':folders*'
        __fish_complete_directories $current
      case ':none*'
      case '*'
        printf '%s\n' $line
    end
  end
end
complete -c drover -f -a '(__drover_complete)'
`;

export function scriptOf(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return BASH;
    case 'zsh':
      return ZSH;
    case 'fish':
      return FISH;
  }
}
