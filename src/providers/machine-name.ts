import { createHash } from 'node:crypto';

const MAX_NAME_CHARACTERS = 63;
const DIGEST_CHARACTERS = 8;

/**
 * A name that is a host name, and the same whenever it is asked for: words that a person knows, and a digest of what makes it this one.
 * Where names are unique, it keeps a launch that is repeated from making a second machine.
 */
export function machineName(words: readonly string[], identity: readonly string[]): string {
  const digest = createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, DIGEST_CHARACTERS);
  const readable = words
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '');
  return `${readable.slice(0, MAX_NAME_CHARACTERS - DIGEST_CHARACTERS - 1)}-${digest}`.replaceAll('--', '-');
}
