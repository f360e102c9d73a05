/** In quotes, without anything that a terminal would obey or that would break a line. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

const MAX_QUOTE_CHARACTERS = 64;

/** The beginning of a text from outside, in quotes. */
export function quotedStart(text: string): string {
  return text.length <= MAX_QUOTE_CHARACTERS ? quoted(text) : `${quoted(text.slice(0, MAX_QUOTE_CHARACTERS))}...`;
}

const MAX_SENTENCE_CHARACTERS = 300;

/** A message from outside as part of a sentence: one line, of bounded length, without control characters. */
export function oneLine(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return clean.length <= MAX_SENTENCE_CHARACTERS ? clean : `${clean.slice(0, MAX_SENTENCE_CHARACTERS)}...`;
}

/** Why something failed. Where a name has several addresses the error itself has no message, only those in it. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return oneLine(error instanceof Error ? error.message || error.name : String(error));
}
