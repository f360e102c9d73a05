import { PortError } from '../ports/errors.ts';

/** One command for HAProxy's command line, word by word. */
export type Words = readonly string[];

/** No blanks, no `;` or newline (the next command), no `<` (a payload), no quotes, backslashes or control characters. */
const WORD = /^[A-Za-z0-9._:/@!%+=~,[\]-]+$/;

/** HAProxy refuses a line of 16 KB. */
const MAX_LINE_BYTES = 8_000;

/**
 * The only way of anything onto a command line of HAProxy.
 * @throws PortError `Invalid` for a word that could be taken for something else
 */
export function encode(command: Words): string {
  for (const word of command) {
    if (!WORD.test(word)) {
      throw new PortError('Invalid', 'haproxyWord', `${JSON.stringify(word)} cannot be part of a command for HAProxy`);
    }
  }
  return command.join(' ');
}

/** Cuts commands into lines that HAProxy takes at once, in order. */
export function inLines<T extends { readonly words: Words }>(commands: readonly T[]): readonly (readonly T[])[] {
  const lines: T[][] = [];
  let line: T[] = [];
  let bytes = 0;
  for (const command of commands) {
    const length = encode(command.words).length + 1;
    if (line.length > 0 && bytes + length > MAX_LINE_BYTES) {
      lines.push(line);
      line = [];
      bytes = 0;
    }
    line.push(command);
    bytes += length;
  }
  if (line.length > 0) lines.push(line);
  return lines;
}
