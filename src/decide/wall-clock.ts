import type { EpochMs } from '../model/time.ts';

/** What a clock on the wall shows, as if it were UTC: a number that days, hours and minutes can be read from. */
export type WallTime = number;

const SECOND_MS = 1_000;
/** Further than any zone is from UTC and any change of its clock is long. */
const DAY_AND_MORE_MS = 26 * 3_600_000;

/** The clock on a wall of an IANA time zone. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError for a zone that does not exist */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** To the second. */
  at(instant: EpochMs): WallTime {
    const parts = new Map(this.#format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  }

  /**
   * When it shows a time. What it shows twice, when clocks are set back, is the first of the two; what it never shows, when they are
   * set forward, is the moment at which they are.
   */
  instantOf(wall: WallTime): EpochMs {
    const before = wall - this.#offset(wall - DAY_AND_MORE_MS);
    const after = wall - this.#offset(wall + DAY_AND_MORE_MS);
    const [first, second] = before <= after ? [before, after] : [after, before];
    if (this.at(first) === wall) return first;
    if (this.at(second) === wall) return second;
    // Between the two the clock jumps over it.
    let [low, high] = [first, second];
    while (high - low > SECOND_MS) {
      const middle = Math.floor((low + high) / 2 / SECOND_MS) * SECOND_MS;
      if (this.at(middle) < wall) low = middle;
      else high = middle;
    }
    return high;
  }

  #offset(instant: EpochMs): number {
    return this.at(instant) - instant;
  }
}
