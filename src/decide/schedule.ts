import { CronExpressionParser } from 'cron-parser';
import type { ScheduledAction } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';

/** When a scheduled action falls due for the first time after that moment; null for never again. */
export function nextTime({ schedule, startAt, endAt }: ScheduledAction, after: EpochMs): EpochMs | null {
  if (schedule.kind === 'once') return schedule.at > after ? schedule.at : null;
  // What falls due at the very start is not before it.
  const from = startAt === null ? after : Math.max(after, startAt - 1);
  const times = CronExpressionParser.parse(schedule.expression, { currentDate: from, tz: schedule.timeZone });
  const next = times.next().getTime();
  return endAt !== null && next > endAt ? null : next;
}
