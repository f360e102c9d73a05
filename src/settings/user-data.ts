import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { z } from 'zod';
import { FileError, readBoundedSync } from '../base/files.ts';
import { didYouMean } from '../base/suggest.ts';
import { filePathSchema } from './fields.ts';
import { secretSchema, secretSettings } from './secret.ts';

/** It is part of each server's record; a larger one is kept in a file. */
const MAX_TEXT_CHARACTERS = 16_384;
export const MAX_USER_DATA_BYTES = 65_536;
const MAX_SECRETS = 32;

/** What a server is told at its first boot (cloud-init, a script), with places for what differs from server to server. */
export const userDataSettings = z.strictObject({
  /** Null where it is in a file. */
  text: z.string().nullable(),
  /** The digest of what the file held when the fleet file was read: it is part of the launch template. */
  file: z.strictObject({ path: z.string(), digest: z.string() }).nullable(),
  secrets: z.record(z.string(), secretSettings),
});
export type UserDataSettings = z.infer<typeof userDataSettings>;

/** What `{{ drover.NAME }}` may name, beside `secrets.NAME`. */
export const USER_DATA_VARIABLES = [
  'instanceId',
  'group',
  'fleet',
  'zone',
  'instanceType',
  'launchTemplateVersion',
] as const;
export type UserDataVariable = (typeof USER_DATA_VARIABLES)[number];

const SECRETS = 'secrets.';

/** Other braces belong to whoever reads the text: cloud-init's own templates have the same ones. */
const PLACE = /\{\{\s*drover\.([A-Za-z0-9_.-]*)\s*\}\}/g;

export function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The text with each `{{ drover.NAME }}` replaced by what `meaningOf` says of it. */
export function fillIn(text: string, meaningOf: (name: string) => string): string {
  return text.replaceAll(PLACE, (_, name: string) => meaningOf(name));
}

/** The name of the secret that a place names; null where it names a variable. */
export function secretNameIn(name: string): string | null {
  return name.startsWith(SECRETS) ? name.slice(SECRETS.length) : null;
}

const secretNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, {
  error: 'the name of a secret has letters, digits and _, and starts with no digit',
});

/** `text` or `file`, and the secrets that it names. */
export function userDataSchema(baseDir: string): z.ZodType<UserDataSettings> {
  return z
    .strictObject({
      text: z.string().min(1).max(MAX_TEXT_CHARACTERS).optional().describe('The user data itself.'),
      file: filePathSchema.optional().describe('A file that holds it; relative to the fleet file.'),
      secrets: z
        .record(secretNameSchema, secretSchema(baseDir))
        .refine((secrets) => Object.keys(secrets).length <= MAX_SECRETS, {
          error: `there may be at most ${MAX_SECRETS}`,
        })
        .default({})
        .describe(
          'Secrets that `{{ drover.secrets.NAME }}` puts in, by name. They are read at each launch, and never stored.',
        ),
    })
    .transform(({ text, file, secrets }, context): UserDataSettings => {
      const refuse = (path: readonly string[], message: string) => {
        context.issues.push({ code: 'custom', input: {}, path: [...path], message });
        return z.NEVER;
      };
      if ((text === undefined) === (file === undefined)) return refuse([], 'it has either text or file');
      const content = text ?? contentOf(resolve(baseDir, file ?? ''));
      if (typeof content !== 'string') return refuse(['file'], content.why);
      const wrong = unknownIn(content, Object.keys(secrets));
      if (wrong !== null) return refuse([text === undefined ? 'file' : 'text'], wrong);
      if (text !== undefined) return { text, file: null, secrets };
      return { text: null, file: { path: resolve(baseDir, file ?? ''), digest: digestOf(content) }, secrets };
    });
}

function contentOf(path: string): string | { readonly why: string } {
  try {
    return readBoundedSync(path, { maxBytes: MAX_USER_DATA_BYTES }).bytes.toString();
  } catch (error) {
    if (error instanceof FileError) return { why: `${path} cannot be read: ${error.message}` };
    throw error;
  }
}

/** A place that stands for nothing, in words; null if there is none. */
function unknownIn(content: string, secrets: readonly string[]): string | null {
  let wrong: string | null = null;
  fillIn(content, (name) => {
    const secret = secretNameIn(name);
    const known = secret === null ? [...USER_DATA_VARIABLES] : secrets;
    if (known.includes(secret ?? name)) return '';
    const hint = known.length === 0 ? 'describe it under secrets' : didYouMean(secret ?? name, known);
    wrong ??= `there is no ${secret === null ? 'variable' : 'secret'} ${secret ?? name} for {{ drover.${name} }}; ${hint}`;
    return '';
  });
  return wrong;
}
