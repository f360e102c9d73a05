import { SecretError, secretFromFile, secretFromVariable } from '../base/secrets.ts';
import { PortError } from '../ports/errors.ts';
import type { SecretSettings } from '../settings/secret.ts';

/** Reads a secret anew, so that it may be changed at any time. @throws PortError `Unauthorized`, which never quotes it */
export async function readSecret({ file, variable }: SecretSettings): Promise<string> {
  try {
    return file === null ? secretFromVariable(variable) : await secretFromFile(file);
  } catch (error) {
    if (error instanceof SecretError) throw new PortError('Unauthorized', 'secret', error.message, { cause: error });
    throw error;
  }
}

/** The address of a receiver, which is a secret: whoever has it can send. @throws PortError `Unauthorized`, which never quotes it */
export async function readUrl(secret: SecretSettings): Promise<URL> {
  const text = await readSecret(secret);
  const where = secret.file === null ? `the variable ${secret.variable}` : secret.file;
  const refuse = (why: string) => new PortError('Unauthorized', 'url', `${where} holds no usable URL: ${why}`);
  if (!URL.canParse(text)) throw refuse('write one that starts with https://, alone on its line');
  const url = new URL(text);
  if (!['https:', 'http:'].includes(url.protocol)) throw refuse('it must start with https:// or http://');
  if (url.username !== '' || url.password !== '') throw refuse('it has a user or a password in it');
  return url;
}

const MIN_SECRET_CHARACTERS = 4;

/** A text from outside without anything of the secrets, which a receiver may send back, or an error may name. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= MIN_SECRET_CHARACTERS)
    .toSorted((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '(not shown)'), text);
}

/** What of a receiver's address must not be shown. */
export function secretPartsOf(url: URL): readonly string[] {
  const parts = [
    url.href,
    url.host,
    url.hostname,
    `${url.pathname}${url.search}`,
    ...url.pathname.split('/'),
    ...url.searchParams.values(),
  ];
  return parts.flatMap((part) => [part, decoded(part)]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
