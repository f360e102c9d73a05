/** `i-` and so many of an id's 17 hexadecimal digits tell instances apart for a person. */
const SHORT_DIGITS = 8;

export function shortId(id: string): string {
  return id.slice(0, 2 + SHORT_DIGITS);
}

/** Text with every full instance id in it shortened. */
export function shortenIds(text: string): string {
  return text.replaceAll(/\bi-[0-9a-f]{17}\b/g, shortId);
}
