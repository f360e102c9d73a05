import type { HourlyValue } from '../decide/policies/policy.ts';
import type { EpochMs } from '../model/time.ts';
import type { LoadPoint, LoadSeries } from '../views/what-if.ts';

const HOUR_MS = 3_600_000;
/** Enough for three months by the minute: some seconds of work, in which nothing can interrupt it. */
const MAX_POINTS = 150_000;

/** What is wrong with a recording, in a sentence. */
export class SeriesError extends Error {
  override readonly name = 'SeriesError';
}

/**
 * Brings readings to even distances, that of most of them; what is missing in between is not known.
 * @throws SeriesError for too few, too many, or two of one time
 */
export function toSeries(readings: readonly LoadPoint[]): LoadSeries {
  const sorted = readings.toSorted((a, b) => a.at - b.at);
  const [first, ...others] = sorted;
  if (first === undefined || others.length === 0) throw new SeriesError('A replay needs at least two readings.');
  const distances = others.map(({ at }, index) => at - (sorted[index]?.at ?? at));
  const twice = distances.indexOf(0);
  if (twice >= 0) throw new SeriesError(`There are two readings of ${iso(sorted[twice]?.at ?? 0)}.`);
  const usualMs = distances.toSorted((one, other) => one - other)[Math.floor(distances.length / 2)] ?? 0;
  // Readings are seldom taken to the millisecond: each counts for the slot that it is nearest to.
  let last = 0;
  const slots = [0, ...distances].map((distance) => {
    last += Math.round(distance / usualMs);
    return last;
  });
  if (last === 0 || last >= MAX_POINTS) {
    throw new SeriesError(
      `From ${iso(first.at)} to ${iso(sorted.at(-1)?.at ?? 0)}, ${usualMs / 1_000} s apart, would be ${last + 1} readings; at most ${MAX_POINTS} are replayed.`,
    );
  }
  const intervalMs = Math.round(((sorted.at(-1)?.at ?? 0) - first.at) / last);
  const sums = new Map<number, { readonly sum: number; readonly count: number }>();
  for (const [index, { value }] of sorted.entries()) {
    const slot = slots[index];
    if (value === null || slot === undefined) continue;
    const before = sums.get(slot) ?? { sum: 0, count: 0 };
    sums.set(slot, { sum: before.sum + value, count: before.count + 1 });
  }
  const points = Array.from({ length: last + 1 }, (_, slot): LoadPoint => {
    const found = sums.get(slot);
    return { at: first.at + slot * intervalMs, value: found === undefined ? null : found.sum / found.count };
  });
  return { intervalMs, points };
}

/** The part of a series from one time up to another; what is before it is only learned from. */
export function split(
  series: LoadSeries,
  from: EpochMs,
  to: EpochMs,
): { readonly series: LoadSeries; readonly before: readonly LoadPoint[] } {
  const points = series.points.filter(({ at }) => at >= from && at < to);
  if (points.length === 0) throw new SeriesError(`There is no reading from ${iso(from)} to ${iso(to)}.`);
  return { series: { ...series, points }, before: series.points.filter(({ at }) => at < from) };
}

/** Means by the hour, as the store keeps them, growing as time goes on. */
export class HourlyMeans {
  #hours: readonly HourlyValue[] = [];
  #hour = Number.NaN;
  #sum = 0;
  #count = 0;

  constructor(before: readonly LoadPoint[] = []) {
    for (const { at, value } of before) this.add(at, value);
  }

  add(at: EpochMs, value: number | null): void {
    const hour = Math.floor(at / HOUR_MS);
    if (hour !== this.#hour) {
      this.#close();
      this.#hour = hour;
    }
    if (value === null) return;
    this.#sum += value;
    this.#count += 1;
  }

  /** The hours that are over, the newest of them. */
  get hours(): readonly HourlyValue[] {
    return this.#hours;
  }

  #close(): void {
    if (this.#count > 0) {
      this.#hours = [...this.#hours, { at: this.#hour * HOUR_MS, value: this.#sum / this.#count }].slice(-KEEP_HOURS);
    }
    this.#sum = 0;
    this.#count = 0;
  }
}

/** As many as a forecast learns from. */
const KEEP_HOURS = 14 * 24;

function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}
