import { z } from 'zod';
import { parseDecimal } from '../base/decimal.ts';
import { quoted, quotedStart } from '../base/quoted.ts';
import { shown } from '../settings/public.ts';
import { httpAccessFields, ONE_AUTHORIZATION, ONE_PASSWORD, PASSWORD_OF_A_USER, requestHeaders } from './access.ts';
import { getText, parseJson, shownUrl } from './http-client.ts';
import { atPointer, JSON_POINTER } from './json-pointer.ts';
import { urlSchema } from './settings.ts';
import { Missing, metricSourceType, polledSource } from './source.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_POINTER_CHARACTERS = 512;

function schema(baseDir: string) {
  return z
    .strictObject({
      url: urlSchema('http:', 'https:').describe('What is asked with GET; the answer has to be HTTP 200 with JSON.'),
      pointer: shown(z.string())
        .max(MAX_POINTER_CHARACTERS)
        .regex(JSON_POINTER, { error: 'it must be a JSON pointer: /jobs/waiting, or "" for the whole answer' })
        .default('')
        .describe('Where the number is in the JSON, as a JSON pointer (RFC 6901); "" for the whole answer.'),
      ...httpAccessFields(baseDir),
    })
    .refine(ONE_PASSWORD.holds, ONE_PASSWORD.problem)
    .refine(PASSWORD_OF_A_USER.holds, PASSWORD_OF_A_USER.problem)
    .refine(ONE_AUTHORIZATION.holds, ONE_AUTHORIZATION.problem);
}

/** A number somewhere in a JSON document that is asked for over HTTP. */
export const httpMetric = metricSourceType({
  name: 'http',
  schema,
  create: ({ url, pointer, ...access }, { clock }) =>
    polledSource(clock, async (signal) => {
      const text = await getText(url, { signal, maxBodyBytes: MAX_BODY_BYTES, headers: await requestHeaders(access) });
      return { value: numberAt(url, pointer, parseJson(url, text)) };
    }),
});

function numberAt(url: string, pointer: string, document: unknown): number {
  const found = atPointer(document, pointer);
  const place = `${shownUrl(url)} at ${quoted(pointer)}`;
  if (found === undefined) throw new Missing('absent', `${place} has nothing`);
  const value = typeof found === 'string' ? parseDecimal(found.trim()) : found;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Missing('notANumber', `${place} has ${quotedStart(JSON.stringify(found))}, which is not a number`);
}
