/** Words that YAML, or one of its older versions, takes for something else than text. */
const OTHERWISE = /^(?:true|false|null|yes|no|on|off|y|n|~)$/i;

/** Text as YAML that is read back as the same text, also inside of `[...]` and `{...}`. */
export function yamlText(text: string): string {
  const isPlain = /^[A-Za-z_./][\w./@+-]*(?::[\w./@+-]+)*$/.test(text) && !OTHERWISE.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** A list of texts in one line. */
export function yamlList(texts: readonly string[]): string {
  return `[${texts.map(yamlText).join(', ')}]`;
}
