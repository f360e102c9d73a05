import { z } from 'zod';
import type { ScheduledAction } from '../../model/scaling-policy.ts';
import { MAX_GROUP_SIZE } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { timeZoneSchema } from '../../settings/time-zone.ts';
import { cronProblem } from './cron.ts';

const MAX_CRON_CHARACTERS = 200;
const EXAMPLE = '2026-12-24T08:00:00+01:00';

/** A moment in ISO 8601 with its offset: without one nobody knows which 8 o'clock is meant. */
const moment = shown(z.string()).transform((text, context): number => {
  const at = parseMoment(text);
  if (at !== null) return at;
  const withoutOffset = parseMoment(`${text}Z`) !== null;
  const message = withoutOffset
    ? `it has no offset: write ${text}Z for UTC, or ${text}+01:00`
    : `it must be a date and time with an offset, such as ${EXAMPLE} or 2026-12-24T07:00:00Z`;
  context.issues.push({ code: 'custom', message, input: text });
  return z.NEVER;
});

const MOMENT = /^(\d{4}-\d\d-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(?:Z|[+-]\d\d:\d\d)$/;

function parseMoment(text: string): number | null {
  const match = MOMENT.exec(text);
  const at = Date.parse(text);
  if (match === null || Number.isNaN(at)) return null;
  // The 30th of February is taken for the 2nd of March.
  const day = new Date(Date.parse(`${match[1]}Z`)).getUTCDate();
  return day === Number(match[2]) ? at : null;
}

const cron = shown(z.string())
  .max(MAX_CRON_CHARACTERS)
  .transform((text, context) => {
    const message = cronProblem(text);
    if (message === null) return text.trim();
    context.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  });

const size = z.int().min(0).max(MAX_GROUP_SIZE);

export const scheduledActionSchema = z
  .strictObject({
    cron: cron.optional().describe('When, again and again: minute, hour, day of the month, month, day of the week.'),
    timeZone: timeZoneSchema.optional().describe("The time zone of cron, by its IANA name. Default: 'UTC'."),
    at: moment.optional().describe(`When, once: ${EXAMPLE}.`),
    startAt: moment.optional().describe('With cron: not before this moment.'),
    endAt: moment.optional().describe('With cron: not after this moment.'),
    minSize: size.optional().describe('The minimum from then on.'),
    maxSize: size.optional().describe('The maximum from then on.'),
    desiredCapacity: size.optional().describe('The size to bring the group to.'),
  })
  .transform((value, context): Omit<ScheduledAction, 'name'> => {
    const { cron: expression, timeZone: zone, at, startAt, endAt } = value;
    const refuse = (message: string, ...path: string[]) =>
      context.issues.push({ code: 'custom', message, path, input: value });
    if (expression !== undefined && at !== undefined) refuse('either cron or at says when, not both', 'at');
    if (at !== undefined && expression === undefined) {
      if (zone !== undefined) refuse('it belongs to cron; at has an offset of its own', 'timeZone');
      if (startAt !== undefined) refuse('it belongs to cron; at is a single moment', 'startAt');
      if (endAt !== undefined) refuse('it belongs to cron; at is a single moment', 'endAt');
    }
    if (startAt !== undefined && endAt !== undefined && endAt <= startAt) {
      refuse('it is not after startAt, so the action would never happen', 'endAt');
    }
    const sets = [value.minSize, value.maxSize, value.desiredCapacity];
    if (sets.every((one) => one === undefined)) refuse('it changes nothing; give minSize, maxSize or desiredCapacity');
    if (expression === undefined && at === undefined) {
      refuse(`it does not say when; give cron, such as "0 8 * * MON-FRI", or at, such as ${EXAMPLE}`);
      return z.NEVER;
    }
    return {
      schedule:
        expression === undefined
          ? { kind: 'once', at: at ?? 0 }
          : { kind: 'cron', expression, timeZone: zone ?? 'UTC' },
      startAt: startAt ?? null,
      endAt: endAt ?? null,
      minSize: value.minSize ?? null,
      maxSize: value.maxSize ?? null,
      desiredCapacity: value.desiredCapacity ?? null,
    };
  });
