import type { QuietHours } from '../../model/notification.ts';
import type { EpochMs } from '../../model/time.ts';
import { WallClock } from '../wall-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** When the quiet hours that a moment lies in are over; null outside of them. Their beginning is in them, their end is not. */
export function quietUntil({ fromMinute, toMinute, timeZone }: QuietHours, now: EpochMs): EpochMs | null {
  const clock = new WallClock(timeZone);
  const wall = clock.at(now);
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  const minute = Math.floor((wall - midnight) / MINUTE_MS);
  const isOverMidnight = fromMinute > toMinute;
  const isQuiet = isOverMidnight
    ? minute >= fromMinute || minute < toMinute
    : minute >= fromMinute && minute < toMinute;
  if (!isQuiet) return null;
  const endsTomorrow = isOverMidnight && minute >= fromMinute;
  const end = clock.instantOf(midnight + (endsTomorrow ? DAY_MS : 0) + toMinute * MINUTE_MS);
  // Where clocks are set back over their end, the first of the two ends is past: it is quiet until the second one.
  return end > now ? end : end + Math.ceil((now - end + 1) / MINUTE_MS) * MINUTE_MS;
}
