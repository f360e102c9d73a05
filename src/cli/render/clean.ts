import { stripVTControlCharacters } from 'node:util';

/** Text from outside without anything that a terminal obeys: escapes, other control characters, changes of direction. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Cf}/gu, '');
}
