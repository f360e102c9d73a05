/** What the API takes. Keys that it does not know are refused: a misspelt filter must not be answered without it. */

import { z } from 'zod';
import { SUSPENDABLE_PROCESSES } from '../model/scaling-policy.ts';

/** The most activities in one answer. */
const MAX_ACTIVITIES = 1_000;
const DEFAULT_ACTIVITIES = 50;

const name = z.string().min(1).max(255);

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'a whole number is expected')
  .transform(Number);

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
