import type { EpochMs } from '../../model/time.ts';
import type { HourlyValue } from './policy.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** The least that is needed, and the most that is used. */
export const FORECAST_MIN_HOURS = 24;
const FORECAST_DAYS = 14;
/** How far ahead. */
const FORECAST_HOURS = 48;

/** Days back that the daily part takes in, each counting this share of the one after it. */
const DAYS_BACK = 7;
const DAY_WEIGHT = 0.7;
/** The last week counts twice as much as the one before it. */
const WEEK_WEIGHTS = [2, 1];
/** Share of the weekly part, where there is one. */
const WEEKLY_SHARE = 0.75;
/** Hours that the level is taken from, its bounds, and how much of it is left from one hour to the next. */
const LEVEL_HOURS = 6;
const LEVEL_MIN = 0.5;
const LEVEL_MAX = 2;
const LEVEL_KEEP = 0.95;

export type Forecast = readonly HourlyValue[] | null;

/**
 * Forecasts, each kept for its hour. Nothing but the history and the hour goes into one, and a history never changes (another one
 * takes its place), so that a new object of this class gives the same forecasts.
 */
export class Forecasts {
  readonly #newest = new WeakMap<readonly HourlyValue[], { readonly hour: number; readonly forecast: Forecast }>();

  of(history: readonly HourlyValue[], now: EpochMs): Forecast {
    const hour = Math.floor(now / HOUR_MS);
    const known = this.#newest.get(history);
    if (known?.hour === hour) return known.forecast;
    const result = forecast(history, now);
    this.#newest.set(history, { hour, forecast: result });
    return result;
  }
}

/**
 * Forecasts a metric by the hour, from now's hour to 48 hours ahead; null with less than 24 hours of data. For an hour `h`:
 *
 *     daily(h)    = mean of the values at h-24, h-48, ... h-168, each weighing 0.7 of the one after it
 *     weekly(h)   = (2 x value at h-168 + value at h-336) / 3
 *     season(h)   = 0.75 x weekly(h) + 0.25 x daily(h); daily(h) in the first week
 *     level       = sum of the last 6 hours / sum of season() for them, from 0.5 to 2
 *     forecast(h) = season(h) x (1 + (level - 1) x 0.95 ^ hours ahead)
 *
 * So the day and the week repeat, and what is unusual about the last hours is expected to fade: half of it is left after 13 hours.
 * Where a value is missing the others of its mean stand for it; an hour about which nothing is known is left out. Distances of whole days and
 * weeks need no time zone; an hour of summer time more or less is learned within days.
 */
export function forecast(history: readonly HourlyValue[], now: EpochMs): Forecast {
  const thisHour = Math.floor(now / HOUR_MS);
  const values = new Map<number, number>();
  for (const { at, value } of history) {
    const hour = Math.floor(at / HOUR_MS);
    if (hour < thisHour && hour >= thisHour - FORECAST_DAYS * DAY_HOURS) values.set(hour, value);
  }
  if (values.size < FORECAST_MIN_HOURS) return null;
  const level = levelOf(values, thisHour);
  const hours: HourlyValue[] = [];
  for (let ahead = 0; ahead <= FORECAST_HOURS; ahead += 1) {
    const expected = season(values, thisHour + ahead, thisHour);
    if (expected === null) continue;
    hours.push({ at: (thisHour + ahead) * HOUR_MS, value: expected * (1 + (level - 1) * LEVEL_KEEP ** ahead) });
  }
  return hours;
}

/** What day and week say of an hour, from the values before `until` alone. */
function season(values: ReadonlyMap<number, number>, hour: number, until: number): number | null {
  const at = (distance: number) => (hour - distance < until ? values.get(hour - distance) : undefined);
  const days = Array.from({ length: DAYS_BACK }, (_, index) => at((index + 1) * DAY_HOURS));
  const daily = weightedMean(days, (index) => DAY_WEIGHT ** index);
  const weekly = weightedMean([at(WEEK_HOURS), at(2 * WEEK_HOURS)], (index) => WEEK_WEIGHTS[index] ?? 0);
  if (daily === null || weekly === null) return daily ?? weekly;
  return WEEKLY_SHARE * weekly + (1 - WEEKLY_SHARE) * daily;
}

function weightedMean(values: readonly (number | undefined)[], weight: (index: number) => number): number | null {
  let sum = 0;
  let weights = 0;
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue;
    sum += value * weight(index);
    weights += weight(index);
  }
  return weights > 0 ? sum / weights : null;
}

/** How the last hours were against what day and week would have said of them; 1 where that cannot be told. */
function levelOf(values: ReadonlyMap<number, number>, thisHour: number): number {
  let actual = 0;
  let expected = 0;
  for (let hour = thisHour - LEVEL_HOURS; hour < thisHour; hour += 1) {
    const value = values.get(hour);
    const said = season(values, hour, hour);
    if (value === undefined || said === null) continue;
    actual += value;
    expected += said;
  }
  return expected > 0 ? Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, actual / expected)) : 1;
}
