import { z } from 'zod';
import { headersSchema, headerValueSchema, isHeaderValue } from '../model/fleet-file/fields.ts';
import { getText, parseJson, shownUrl } from './http-client.ts';
import { atPointer, JSON_POINTER } from './json-pointer.ts';
import { secretFromFile, secretFromVariable } from './secrets.ts';
import { optional, pathSchema, textSchema, urlSchema } from './settings.ts';
import { lookingSource, Missing, metricSourceType } from './source.ts';
import { parseDecimal, quoted, quotedStart } from './text.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_POINTER_CHARACTERS = 512;

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
type Header = z.infer<ReturnType<typeof headerSchema>>;

function schema(baseDir: string) {
  return z.strictObject({
    url: urlSchema('http:', 'https:').describe('What is asked with GET; the answer has to be HTTP 200 with JSON.'),
    pointer: z
      .string()
      .max(MAX_POINTER_CHARACTERS)
      .regex(JSON_POINTER, { error: 'it must be a JSON pointer: /jobs/waiting, or "" for the whole answer' })
      .default('')
      .describe('Where the number is in the JSON, as a JSON pointer (RFC 6901); "" for the whole answer.'),
    headers: headersSchema(headerSchema(baseDir))
      .refine((headers) => Object.entries(headers).every(([name, { value }]) => value === null || !isSecret(name)), {
        error: 'secrets are not written into the fleet file; use file or variable',
      })
      .default({})
      .describe('Headers to send, each from a file, a variable of the environment, or as it is.'),
  });
}

function isSecret(name: string): boolean {
  return SECRET_HEADER.test(name);
}

/** A number somewhere in a JSON document that is asked for over HTTP. */
export const httpMetric = metricSourceType({
  name: 'http',
  schema,
  create: ({ url, pointer, headers }, { clock }) =>
    lookingSource(clock, async (signal) => {
      const text = await getText(url, { signal, maxBodyBytes: MAX_BODY_BYTES, headers: await valuesOf(headers) });
      return { value: numberAt(url, pointer, parseJson(url, text)) };
    }),
});

async function valuesOf(headers: Readonly<Record<string, Header>>): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, { value, file, variable, prefix }] of Object.entries(headers)) {
    const text = file !== null ? await secretFromFile(file) : variable !== null ? secretFromVariable(variable) : value;
    values[name] = headerValue(name, `${prefix}${text ?? ''}`);
  }
  return values;
}

/** Never quoted: it may be a secret. */
function headerValue(name: string, value: string): string {
  if (isHeaderValue(value)) return value;
  throw new Missing(
    'unreadable',
    `the header ${name} cannot be sent: its value has characters that are not printable ASCII`,
  );
}

function numberAt(url: string, pointer: string, document: unknown): number {
  const found = atPointer(document, pointer);
  const place = `${shownUrl(url)} at ${quoted(pointer)}`;
  if (found === undefined) throw new Missing('absent', `${place} has nothing`);
  const value = typeof found === 'string' ? parseDecimal(found.trim()) : found;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Missing('notANumber', `${place} has ${quotedStart(JSON.stringify(found))}, which is not a number`);
}
