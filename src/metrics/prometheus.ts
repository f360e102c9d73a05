import { z } from 'zod';
import { quotedStart } from '../base/quoted.ts';
import type { EpochMs } from '../model/time.ts';
import { shown } from '../settings/public.ts';
import { httpAccessFields, ONE_AUTHORIZATION, ONE_PASSWORD, PASSWORD_OF_A_USER, requestHeaders } from './access.ts';
import { get, parseJson, shownUrl, unexpectedStatus } from './http-client.ts';
import { urlSchema } from './settings.ts';
import { type Found, Missing, metricSourceType, polledSource } from './source.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_QUERY_CHARACTERS = 4_096;

function schema(baseDir: string) {
  return z
    .strictObject({
      url: urlSchema('http:', 'https:')
        .refine((url) => !new URL(url).searchParams.has('query'), {
          error: 'the query has a setting of its own; leave it out of the URL',
        })
        .describe('Where Prometheus (or what speaks its API) is: http://127.0.0.1:9090.'),
      query: shown(z.string())
        .min(1)
        .max(MAX_QUERY_CHARACTERS)
        .describe('PromQL that gives exactly one number: sum(rate(requests_total[1m])).'),
      ...httpAccessFields(baseDir),
    })
    .refine(ONE_PASSWORD.holds, ONE_PASSWORD.problem)
    .refine(PASSWORD_OF_A_USER.holds, PASSWORD_OF_A_USER.problem)
    .refine(ONE_AUTHORIZATION.holds, ONE_AUTHORIZATION.problem);
}

/** What a PromQL query gives now. */
export const prometheusMetric = metricSourceType({
  name: 'prometheus',
  schema,
  create: ({ url, query, ...access }, { clock }) =>
    polledSource(clock, async (signal) => {
      const asked = askedOf(url, query);
      const headers = await requestHeaders(access);
      const { status, text } = await get(asked, { signal, maxBodyBytes: MAX_BODY_BYTES, headers });
      return found(asked, status, text);
    }),
});

/** What else the URL asks for (a tenant of Thanos, a label of VictoriaMetrics) is kept. */
function askedOf(url: string, query: string): string {
  const asked = new URL(url);
  asked.pathname = `${asked.pathname.replace(/\/+$/, '')}/api/v1/query`;
  asked.searchParams.set('query', query);
  return asked.href;
}

/** Seconds and the value as text, the way the API writes a sample. */
const sample = z.tuple([z.number(), z.string()]);

const failure = z.object({ status: z.literal('error'), error: z.string() });
const success = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).default([]),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample.optional() })) }),
    z.object({ resultType: z.literal(['matrix', 'string']) }),
  ]),
});

function found(url: string, status: number, text: string): Found {
  // Prometheus says what is wrong with a query with 400 or 422, and in JSON.
  if (![200, 400, 422, 503].includes(status)) throw unexpectedStatus(url, status);
  const answer = parseJson(url, text);
  const failed = failure.safeParse(answer);
  if (failed.success) throw new Missing('failed', `Prometheus refuses the query: ${failed.data.error}`);
  const parsed = success.safeParse(answer);
  if (status !== 200) throw unexpectedStatus(url, status);
  if (!parsed.success) throw new Missing('failed', `${shownUrl(url)} does not answer as Prometheus does`);
  const { data, warnings } = parsed.data;
  // Among them: that some of the stores behind it did not answer, so that a sum is too small.
  if (warnings[0] !== undefined) throw new Missing('failed', `Prometheus warns: ${warnings[0]}`);
  switch (data.resultType) {
    case 'scalar':
      return asFound(data.result);
    case 'vector':
      return asFound(onlyOne(data.result));
    case 'matrix':
    case 'string':
      throw new Missing('notANumber', `the query gives a ${data.resultType}, not one number: leave out the range`);
  }
}

function onlyOne(vector: readonly { readonly value?: z.infer<typeof sample> | undefined }[]) {
  const [only, ...others] = vector;
  if (only === undefined)
    throw new Missing('empty', 'the query gives no series: nothing has been scraped, or not lately');
  if (others.length > 0) {
    throw new Missing('failed', `the query gives ${vector.length} series, not one: sum() or max() over them`);
  }
  if (only.value === undefined) throw new Missing('notANumber', 'the query gives a histogram, not a number');
  return only.value;
}

function asFound([seconds, text]: z.infer<typeof sample>): { readonly value: number; readonly at: EpochMs } {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return { value, at: Math.round(seconds * 1000) };
  throw new Missing('notANumber', `the query gives ${quotedStart(text)}, which is no finite number`);
}
