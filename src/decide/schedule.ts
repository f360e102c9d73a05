import { CronExpressionParser } from 'cron-parser';
import type { ScheduledAction } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import { WallClock } from './wall-clock.ts';

/** The most times that a clock that is set back shows again, by the minute. */
const REPEATED_MAX = 24 * 60;

/**
 * When an action falls due first after a moment; null for never again. Cron fields are matched against the clock on the wall: at what
 * it skips in spring the action is carried out at the jump, at what it shows twice in autumn the first time only.
 */
export function nextTime(action: ScheduledAction, after: EpochMs): EpochMs | null {
  const known = answers.get(action);
  if (known !== undefined && known.after <= after && (known.next === null || after < known.next)) return known.next;
  const next = workOut(action, after);
  answers.set(action, { after, next });
  return next;
}

/** The last answer for each action holds until that time: groups are looked at far more often than anything falls due. */
const answers = new WeakMap<ScheduledAction, { readonly after: EpochMs; readonly next: EpochMs | null }>();

function workOut({ schedule, startAt, endAt }: ScheduledAction, after: EpochMs): EpochMs | null {
  const from = startAt === null ? after : Math.max(after, startAt - 1);
  const next = schedule.kind === 'once' ? (schedule.at > from ? schedule.at : null) : nextOfCron(schedule, from);
  return next === null || (endAt !== null && next > endAt) ? null : next;
}

/** When an action fell due last after a moment and up to another; null where it did not. */
export function dueSince(action: ScheduledAction, after: EpochMs, until: EpochMs): EpochMs | null {
  const first = nextTime(action, after);
  if (first === null || first > until) return null;
  if (action.schedule.kind === 'once') return first;
  const end = action.endAt === null ? until : Math.min(until, action.endAt);
  const last = lastOfCron(action.schedule, end);
  return last !== null && last > first && last <= end ? last : first;
}

interface Cron {
  readonly expression: string;
  readonly timeZone: string;
}

function nextOfCron({ expression, timeZone }: Cron, after: EpochMs): EpochMs | null {
  const clock = new WallClock(timeZone);
  let wall = clock.at(after);
  for (let tries = 0; tries < REPEATED_MAX; tries += 1) {
    const next = matching(expression, wall, 'next');
    if (next === null) return null;
    const instant = clock.instantOf(next);
    if (instant > after) return instant;
    wall = next;
  }
  return null;
}

function lastOfCron({ expression, timeZone }: Cron, until: EpochMs): EpochMs | null {
  const clock = new WallClock(timeZone);
  const wall = matching(expression, clock.at(until) + 1, 'prev');
  return wall === null ? null : clock.instantOf(wall);
}

/**
 * The next or previous time on the wall that the fields match, before it is known when that is: the parser is asked in UTC, because
 * across changes of the clock it skips or repeats.
 */
function matching(expression: string, wall: number, direction: 'next' | 'prev'): number | null {
  try {
    // The seed keeps chance out, should an expression ask for it.
    const cron = CronExpressionParser.parse(expression, { currentDate: wall, tz: 'UTC', hashSeed: expression });
    return cron[direction]().getTime();
  } catch {
    // There is no such day within reach.
    return null;
  }
}
