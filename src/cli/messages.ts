/** How whatever is wrong is written to standard error: `drover: Sentence.`, `drover: warning: Sentence.` The one place that says so. */

export function errorText(message: string): string {
  return `drover: ${asSentence(message)}`;
}

export function warningText(message: string): string {
  return `drover: warning: ${asSentence(message)}`;
}

/** With a capital at its beginning, unless that is a path or a key, and an end. */
function asSentence(message: string): string {
  const text = message.trim();
  const first = /^\S+/.exec(text)?.[0] ?? '';
  const head = /^[a-z]+'?[a-z]*$/.test(first) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?!:)`]$/.test(head) ? head : `${head}.`;
}
