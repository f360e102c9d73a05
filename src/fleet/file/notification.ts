import { z } from 'zod';
import { didYouMean } from '../../base/suggest.ts';
import { NOTIFICATION_CATEGORIES, type NotificationDestination, type QuietHours } from '../../model/notification.ts';
import { durationSchema } from '../../settings/duration.ts';
import { addProblems, parseExplained } from '../../settings/explain.ts';
import { MAX_GROUPS_PER_KIND, nameSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { timeZoneSchema } from '../../settings/time-zone.ts';
import type { FleetFileContext } from './launch-template.ts';

export const MAX_DESTINATIONS = 32;
const GROUP_WAIT_MS = 30_000;
const GROUP_INTERVAL_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;

const CLOCK_TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Minutes from midnight. YAML 1.1 readers take 22:00 for a number; this one does not, and so neither do quotes matter. */
const clockTime = shown(z.string())
  .regex(CLOCK_TIME, { error: 'it must be a time of day from "00:00" to "23:59"' })
  .transform((text): number => {
    const [, hours = '0', minutes = '0'] = CLOCK_TIME.exec(text) ?? [];
    return Number(hours) * 60 + Number(minutes);
  });

const quietHours = z
  .strictObject({
    from: clockTime.describe('When they begin, as a clock on the wall shows it: "22:00".'),
    to: clockTime.describe('When they end: "07:00", of the next day where that is earlier than from.'),
    timeZone: timeZoneSchema.default('UTC').describe('The time zone of both, by its IANA name.'),
    letErrorsThrough: z
      .boolean()
      .default(false)
      .describe('Whether an activity of level error is sent in them all the same, with what was held back before it.'),
  })
  .refine(({ from, to }) => from !== to, {
    error: 'it is the same as from, so it would never or always be quiet',
    path: ['to'],
  })
  .transform(
    ({ from, to, timeZone, letErrorsThrough }): QuietHours => ({
      fromMinute: from,
      toMinute: to,
      timeZone,
      letErrorsThrough,
    }),
  );

/** `type`, what is sent and when, and beside them the settings of that type, validated by its own schema. */
export function notificationSchema({ notifiers, baseDir }: FleetFileContext) {
  return z
    .looseObject({
      type: shown(z.string()).describe('How it is sent: webhook, slack, discord, teams, ntfy, email or exec.'),
      level: z
        .enum(['info', 'warning', 'error'])
        .default('warning')
        .describe('Activities of this level and above; what ends something counts as much as what it ends.'),
      categories: z
        .array(z.enum(NOTIFICATION_CATEGORIES))
        .default([])
        .describe('Only activities of these categories. Default: all.'),
      groups: z
        .array(nameSchema)
        .max(MAX_GROUPS_PER_KIND)
        .default([])
        .describe('Only activities of these groups, and those about no group. Default: all.'),
      groupWait: durationSchema({ maxMs: DAY_MS })
        .optional()
        .describe('How long the first activity waits for others. Default: 30s, or 0s for webhook and exec.'),
      groupInterval: durationSchema({ maxMs: DAY_MS })
        .optional()
        .describe(
          'The time from one message to the next at least, but for what is more severe. Default: 5m, or 0s for webhook and exec.',
        ),
      quietHours: quietHours.optional().describe('A time of each day in which nothing is sent. None unless given.'),
    })
    .transform((value, context): Omit<NotificationDestination, 'name'> => {
      const { type: name, level, categories, groups, groupWait, groupInterval, quietHours: quiet, ...settings } = value;
      const type = notifiers.get(name);
      if (type === undefined) {
        const message = `there is no type of notifications ${JSON.stringify(name)}; ${didYouMean(name, [...notifiers.keys()])}`;
        context.issues.push({ code: 'custom', message, path: ['type'], input: name });
        return z.NEVER;
      }
      const result = parseExplained(type.settingsSchema(baseDir), settings, COMMON_KEYS);
      if ('problems' in result) return addProblems(context, result.problems, settings);
      const isForPeople = type.takes === 'summary';
      return {
        type: name,
        settings: result.value,
        level,
        categories,
        groups,
        groupWaitMs: groupWait ?? (isForPeople ? GROUP_WAIT_MS : 0),
        groupIntervalMs: groupInterval ?? (isForPeople ? GROUP_INTERVAL_MS : 0),
        quietHours: quiet ?? null,
      };
    });
}

const COMMON_KEYS = ['type', 'level', 'categories', 'groups', 'groupWait', 'groupInterval', 'quietHours'];
