/** What the API takes. Keys that it does not know are refused: a misspelt filter must not be answered without it. */

import { z } from 'zod';
import { ACTIVITY_REASONS } from '../model/activity.ts';
import type { Json } from '../model/json.ts';
import { INSTANCE_STATE_NAMES } from '../model/lifecycle.ts';
import { SUSPENDABLE_PROCESSES } from '../model/scaling-policy.ts';
import { ROLES } from './caller.ts';
import { MAX_CURSOR_CHARACTERS } from './cursor.ts';
import { Refusal } from './errors.ts';

/** The most items in one answer. */
const MAX_ITEMS = 1_000;
const DEFAULT_ITEMS = 100;
const DEFAULT_ACTIVITIES = 50;
/** What a chart can show. */
const MAX_BUCKETS = 2_000;
const MIN_BUCKET_MS = 1_000;
/** Of each server. */
const MAX_LOG_LINES = 10_000;
const DEFAULT_LOG_LINES = 100;

const name = z.string().min(1).max(255);

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'a whole number is expected')
  .transform(Number);

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

const limitOf = (usual: number) =>
  wholeNumber
    .pipe(z.number().min(1).max(MAX_ITEMS))
    .default(usual)
    .describe(`The most items in the answer: 1 to ${MAX_ITEMS}, ${usual} without it.`);

const cursor = z.string().min(1).max(MAX_CURSOR_CHARACTERS).describe('`next` of the answer before.').exactOptional();

export const noQuery = z.strictObject({});

export const pageQuery = z.strictObject({ cursor, limit: limitOf(DEFAULT_ITEMS) });

export const statusQuery = z.strictObject({ limit: limitOf(MAX_ITEMS) });

export const instancesQuery = pageQuery.extend({
  group: name.exactOptional(),
  state: z.enum(INSTANCE_STATE_NAMES).exactOptional(),
  health: z.enum(['unknown', 'healthy', 'unhealthy']).exactOptional(),
  zone: name.exactOptional(),
  provider: name.exactOptional(),
});

/** `bucket` is in milliseconds: with `since`, not so short that a chart could not show it. */
export const historyQuery = z.strictObject({
  since: wholeNumber,
  bucket: wholeNumber.pipe(z.number().min(MIN_BUCKET_MS)),
});

/** @throws Refusal for more values than a chart can show */
export function checkBuckets(since: number, bucketMs: number, now: number): void {
  const leastMs = Math.ceil((now - since) / MAX_BUCKETS);
  if (bucketMs >= leastMs) return;
  throw new Refusal('invalid', `bucket: ${bucketMs} ms are too short for that time; take at least ${leastMs} ms.`);
}

/** Numbers are given as text. */
export const eventHeaders = z.looseObject({ 'last-event-id': wholeNumber.exactOptional() });

export const ifMatchHeaders = z.looseObject({
  'if-match': z.string().max(1_024).describe('Does it only where a GET of it still has this ETag.').exactOptional(),
});

export const groupParams = z.strictObject({ group: name });

/** Of an ending: whether it is done although requests are refused meanwhile. */
export const endingQuery = z.strictObject({ force: z.enum(['true', 'false']).default('false') });

/** Of logs: as many lines of each server as there are, at most. */
export const logsQuery = z.strictObject({
  lines: wholeNumber.pipe(z.number().max(MAX_LOG_LINES)).default(DEFAULT_LOG_LINES),
  follow: z.enum(['true', 'false']).default('false').describe('Whether to go on with what comes.'),
});

export const sessionCodeBody = z.strictObject({ role: z.enum(ROLES).default('admin') });

export const logInBody = z.strictObject({ code: z.string().max(256) });

export const namedParams = z.strictObject({ name });

export const instanceParams = z.strictObject({ id: name });

const reasons = z
  .string()
  .max(4_096)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(ACTIVITY_REASONS)).min(1));

export const activitiesQuery = z.strictObject({
  group: name.exactOptional(),
  instance: name.exactOptional(),
  level: z.enum(['info', 'warning', 'error']).describe('At least so severe.').exactOptional(),
  reason: reasons.describe('One or several, with commas.').exactOptional(),
  after: wholeNumber.describe('Only those recorded after this sequence number, the oldest first.').exactOptional(),
  cursor,
  limit: limitOf(DEFAULT_ACTIVITIES),
});

/** The number's range is the service's to judge: it knows the group's minimum and maximum. */
export const desiredCapacityBody = z.strictObject({ desired: z.number() });

export const processesBody = z.strictObject({ processes: z.array(z.enum(SUSPENDABLE_PROCESSES)).min(1) });

export const versionParams = z.strictObject({ number: wholeNumber });

/** Of a comparison: the version before. */
export const comparisonQuery = z.strictObject({ from: wholeNumber });

/** Whether its content is a fleet is the service's to judge. */
const document = z.strictObject({
  content: z.record(z.string(), json),
  baseDir: z.string().startsWith('/', 'an absolute folder is expected').max(4_096),
});

export const planBody = z.strictObject({ document });

const madeFrom = z.int().min(0);

export const applyBody = z.strictObject({ document, madeFrom });

export const rollbackBody = z.strictObject({ to: z.int().min(1), madeFrom });
