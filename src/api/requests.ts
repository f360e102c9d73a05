/** What the API takes. Keys that it does not know are refused: a misspelt filter must not be answered without it. */

import { z } from 'zod';
import type { Json } from '../model/json.ts';
import { SUSPENDABLE_PROCESSES } from '../model/scaling-policy.ts';

/** The most activities in one answer. */
const MAX_ACTIVITIES = 1_000;
const DEFAULT_ACTIVITIES = 50;

const name = z.string().min(1).max(255);

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'a whole number is expected')
  .transform(Number);

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

export const noQuery = z.strictObject({});

export const groupParams = z.strictObject({ group: name });

/** Of an ending: whether it is done although requests are refused meanwhile. */
export const endingQuery = z.strictObject({ force: z.enum(['true', 'false']).default('false') });

export const instanceParams = z.strictObject({ id: name });

export const activitiesQuery = z.strictObject({
  group: name.exactOptional(),
  instance: name.exactOptional(),
  level: z.enum(['info', 'warning', 'error']).exactOptional(),
  after: wholeNumber.exactOptional(),
  limit: wholeNumber.pipe(z.number().min(1).max(MAX_ACTIVITIES)).default(DEFAULT_ACTIVITIES),
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
