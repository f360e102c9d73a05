/** What the settings of several sources are made of. What comes out of a schema is valid as its input and stays the same. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { filePathSchema } from '../settings/fields.ts';

const MAX_URL_CHARACTERS = 2_048;
const MAX_TEXT_CHARACTERS = 256;

/** A path that is relative to the fleet file, made absolute. */
export function pathSchema(baseDir: string): z.ZodType<string> {
  return filePathSchema.transform((path) => resolve(baseDir, path));
}

/** A URL without a user and password in it: those would be shown wherever the URL is. */
export function urlSchema(...protocols: readonly string[]): z.ZodType<string> {
  const examples = protocols.map((protocol) => `${protocol}//`).join(' or ');
  return z
    .string()
    .max(MAX_URL_CHARACTERS)
    .refine((text) => protocols.includes(parsed(text)?.protocol ?? ''), {
      error: `it must be a URL that starts with ${examples}`,
      abort: true,
    })
    .refine((text) => parsed(text)?.username === '' && parsed(text)?.password === '', {
      error: 'a URL has no user and no password in it; they have settings of their own',
    })
    .refine((text) => parsed(text)?.port !== '0', { error: 'there is no port 0; leave it out for the usual one' })
    .refine((text) => parsed(text)?.hash === '', { error: 'a URL has no # in it' });
}

function parsed(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Text of one line: the name of a queue, a user. */
export const textSchema = z
  .string()
  .min(1)
  .max(MAX_TEXT_CHARACTERS)
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'it has no control characters' });

/** A setting that may be left out: null. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullable().default(null);
}
