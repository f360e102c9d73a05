import { env } from 'node:process';
import { readBounded } from '../base/files.ts';
import { Missing } from './source.ts';
import { reasonOf } from './text.ts';

const MAX_SECRET_BYTES = 16 * 1024;

/**
 * A secret from a file, without white space at its ends. Read whenever it is needed, so that it may be changed at any time.
 * @throws Missing, which never quotes what the file holds
 */
export async function secretFromFile(path: string): Promise<string> {
  const unreadable = (why: string) => new Missing('unreadable', `the secret in ${path} cannot be read: ${why}`);
  let bytes: Buffer;
  try {
    ({ bytes } = await readBounded(path, { maxBytes: MAX_SECRET_BYTES }));
  } catch (error) {
    throw unreadable(reasonOf(error));
  }
  return usable(bytes.toString(), unreadable);
}

/** A secret from Drover's own environment. @throws Missing, which never quotes it */
export function secretFromVariable(name: string): string {
  const unreadable = (why: string) => new Missing('unreadable', `the variable ${name} cannot be used: ${why}`);
  const value = env[name];
  if (value === undefined) throw unreadable("it is not in Drover's environment");
  return usable(value, unreadable);
}

/** Secrets become HTTP headers: a line break in one would be another header. */
function usable(text: string, unreadable: (why: string) => Missing): string {
  const secret = text.trim();
  if (secret === '') throw unreadable('it is empty');
  if (/\p{Cc}/u.test(secret)) throw unreadable('it has more than one line, or control characters');
  return secret;
}
