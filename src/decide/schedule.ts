import { CronExpressionParser } from 'cron-parser';
import type { ScheduledAction } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import { WallClock } from './wall-clock.ts';

/** The most times that a clock that is set back shows again, by the minute. */
const REPEATED_MAX = 24 * 60;

/**
 * When scheduled actions fall due. A calendar keeps the last answer for each action, which holds until that time: a group is decided
 * about far more often than anything falls due. A new calendar gives the same answers.
 */
export class Calendar {
  readonly #answers = new WeakMap<ScheduledAction, { readonly after: EpochMs; readonly next: EpochMs | null }>();

  /** When an action falls due first after a moment; null for never again. */
  nextTime(action: ScheduledAction, after: EpochMs): EpochMs | null {
    const known = this.#answers.get(action);
    if (known !== undefined && known.after <= after && (known.next === null || after < known.next)) return known.next;
    const next = nextTime(action, after);
    this.#answers.set(action, { after, next });
    return next;
  }

  /** When an action fell due last after a moment and up to another; null where it did not. */
  dueSince(action: ScheduledAction, after: EpochMs, until: EpochMs): EpochMs | null {
    const first = this.nextTime(action, after);
    if (first === null || first > until) return null;
    if (action.schedule.kind === 'once') return first;
    const end = action.endAt === null ? until : Math.min(until, action.endAt);
    const last = lastOfCron(action.schedule, end);
    return last !== null && last > first && last <= end ? last : first;
  }
}

/**
 * When an action falls due first after a moment; null for never again. Cron fields are matched against the clock on the wall: an
 * action at a time that the clock skips in spring is carried out at the jump, one at a time that it shows twice in autumn the first
 * time only.
 */
export function nextTime({ schedule, startAt, endAt }: ScheduledAction, after: EpochMs): EpochMs | null {
  const from = startAt === null ? after : Math.max(after, startAt - 1);
  const next = schedule.kind === 'once' ? (schedule.at > from ? schedule.at : null) : nextOfCron(schedule, from);
  return next === null || (endAt !== null && next > endAt) ? null : next;
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
