import { env } from 'node:process';
import { ExpectedError } from './expected-error.ts';
import { readBounded } from './files.ts';
import { reasonOf } from './quoted.ts';

const MAX_SECRET_BYTES = 16 * 1024;

/** A secret cannot be used. The message says why, and never quotes it. */
export class SecretError extends ExpectedError {
  constructor(message: string) {
    super(message);
    this.name = 'SecretError';
  }
}

export interface SecretOptions {
  /** Whether it may have several lines, as a key has; one line is the rule, since a line break in a header would be another header. */
  readonly isMultiline?: boolean;
}

/**
 * A secret from a file, without white space at its ends. Read whenever it is needed, so that it may be changed at any time.
 * @throws SecretError
 */
export async function secretFromFile(path: string, options: SecretOptions = {}): Promise<string> {
  const unreadable = (why: string) => new SecretError(`the secret in ${path} cannot be read: ${why}`);
  let bytes: Buffer;
  try {
    ({ bytes } = await readBounded(path, { maxBytes: MAX_SECRET_BYTES }));
  } catch (error) {
    throw unreadable(reasonOf(error));
  }
  return usable(bytes.toString(), options, unreadable);
}

/** A secret from Drover's own environment. @throws SecretError */
export function secretFromVariable(name: string, options: SecretOptions = {}): string {
  const unreadable = (why: string) => new SecretError(`the variable ${name} cannot be used: ${why}`);
  const value = env[name];
  if (value === undefined) throw unreadable("it is not in Drover's environment");
  return usable(value, options, unreadable);
}

function usable(
  text: string,
  { isMultiline = false }: SecretOptions,
  unreadable: (why: string) => SecretError,
): string {
  const secret = text.trim();
  if (secret === '') throw unreadable('it is empty');
  if (/\p{Cc}/u.test(isMultiline ? secret.replaceAll(/\r?\n|\t/g, '') : secret)) {
    throw unreadable(isMultiline ? 'it has control characters' : 'it has more than one line, or control characters');
  }
  return secret;
}
