/** How a source proves who asks: the same settings for all that are asked over HTTP, and the same passwords for all that have users. */

import { z } from 'zod';
import { secretFromFile, secretFromVariable } from '../base/secrets.ts';
import { headersSchema, headerValueSchema, isHeaderValue } from '../settings/fields.ts';
import { optional, pathSchema, textSchema } from './settings.ts';
import { Missing } from './source.ts';

/** Headers whose values are secrets by their nature. */
const SECRET_HEADER = /auth|cookie|credential|key|passw|secret|token/i;

function headerSchema(baseDir: string) {
  return z
    .strictObject({
      value: optional(headerValueSchema.min(1)).describe('The text itself, where it is no secret.'),
      file: optional(pathSchema(baseDir)).describe('A file that holds the text; relative to the fleet file.'),
      variable: optional(textSchema).describe("A variable of Drover's own environment that holds the text."),
      prefix: headerValueSchema.max(32).default('').describe('What goes before the text: "Bearer " for a token.'),
    })
    .refine(({ value, file, variable }) => [value, file, variable].filter((one) => one !== null).length === 1, {
      error: 'a header has exactly one of value, file and variable',
    });
}

export function passwordFields(baseDir: string) {
  return {
    passwordFile: optional(pathSchema(baseDir)).describe(
      "A file that holds the user's password; relative to the fleet file.",
    ),
    passwordVariable: optional(textSchema).describe(
      "A variable of Drover's own environment that holds the password, instead of a file.",
    ),
  };
}

export function httpAccessFields(baseDir: string) {
  return {
    headers: headersSchema(headerSchema(baseDir))
      .refine(
        (headers) => Object.entries(headers).every(([name, { value }]) => value === null || !SECRET_HEADER.test(name)),
        { error: 'secrets are not written into the fleet file; use file or variable' },
      )
      .default({})
      .describe('Headers to send, each from a file, a variable of the environment, or as it is.'),
    bearerTokenFile: optional(pathSchema(baseDir)).describe(
      'A file that holds the token to send as Authorization: Bearer; relative to the fleet file.',
    ),
    user: optional(textSchema.refine((user) => !user.includes(':'), { error: 'a user has no : in its name' })).describe(
      'The user for basic authentication.',
    ),
    ...passwordFields(baseDir),
  };
}

interface Passwords {
  readonly passwordFile: string | null;
  readonly passwordVariable: string | null;
}

interface HttpAccess extends Passwords {
  readonly headers: Readonly<Record<string, z.infer<ReturnType<typeof headerSchema>>>>;
  readonly bearerTokenFile: string | null;
  readonly user: string | null;
}

export const ONE_PASSWORD = {
  holds: ({ passwordFile, passwordVariable }: Passwords) => passwordFile === null || passwordVariable === null,
  problem: { error: 'a password comes from a file or from a variable, not from both', path: ['passwordVariable'] },
};

export const PASSWORD_OF_A_USER = {
  holds: ({ user, passwordFile, passwordVariable }: HttpAccess) =>
    user !== null || (passwordFile === null && passwordVariable === null),
  problem: { error: 'a password needs the user whose it is', path: ['user'] },
};

export const ONE_AUTHORIZATION = {
  holds: ({ headers, bearerTokenFile, user }: HttpAccess) => {
    const isThere = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
    return [isThere, bearerTokenFile !== null, user !== null].filter(Boolean).length <= 1;
  },
  problem: { error: 'give one of user, bearerTokenFile and an authorization header: a request has one authorization' },
};

/** The headers of one request. @throws SecretError or Missing, which quote no secret */
export async function requestHeaders(access: HttpAccess): Promise<Record<string, string>> {
  const sent: [string, string][] = [];
  for (const [name, { value, file, variable, prefix }] of Object.entries(access.headers)) {
    const text = file !== null ? await secretFromFile(file) : variable !== null ? secretFromVariable(variable) : value;
    sent.push([name, headerValue(name, `${prefix}${text ?? ''}`)]);
  }
  if (access.bearerTokenFile !== null) {
    sent.push([
      'authorization',
      headerValue('authorization', `Bearer ${await secretFromFile(access.bearerTokenFile)}`),
    ]);
  }
  if (access.user !== null) sent.push(['authorization', basic(access.user, (await passwordOf(access)) ?? '')]);
  return Object.fromEntries(sent);
}

/** Null where none is given. @throws SecretError, which does not quote it */
export async function passwordOf({ passwordFile, passwordVariable }: Passwords): Promise<string | null> {
  if (passwordFile !== null) return secretFromFile(passwordFile);
  return passwordVariable === null ? null : secretFromVariable(passwordVariable);
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Never quoted: it may be a secret. */
function headerValue(name: string, value: string): string {
  if (isHeaderValue(value)) return value;
  throw new Missing(
    'unreadable',
    `the header ${name} cannot be sent: its value has characters that are not printable ASCII`,
  );
}
