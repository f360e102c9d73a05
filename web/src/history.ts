/** A group's past as its charts draw it: everything on one grid of times. */

import type { GroupHistory } from './api.ts';

/** `null` breaks a line, `undefined` lets it go on to the next value. */
export type Values = readonly (number | null | undefined)[];

export interface AlignedHistory {
  readonly times: readonly number[];
  readonly desired: Values;
  readonly inService: Values;
  /** Of all its target groups together; null for a group without any. */
  readonly requestsPerSecond: Values | null;
  readonly metrics: Readonly<Record<string, Values>>;
}

/** A line goes on over a time without values that is no longer than this, or than some buckets. */
const maxGapMs = 90_000;
const MAX_GAP_BUCKETS = 3;

interface Now {
  readonly at: number;
  readonly desired: number;
  readonly inService: number;
}

/** @param now what is so now, where the past reaches up to it; null otherwise */
export function aligned(history: GroupHistory, from: number, to: number, now: Now | null): AlignedHistory {
  const { bucketMs, capacity, metrics, traffic } = history;
  const end = Math.min(to, now?.at ?? to);
  const first = Math.floor(from / bucketMs) * bucketMs;
  const times = Array.from(
    { length: Math.max(1, Math.ceil((end - first) / bucketMs)) },
    (_, index) => first + index * bucketMs,
  );
  const sizes = now === null ? capacity : [...capacity, now];
  const gapMs = Math.max(maxGapMs, bucketMs * MAX_GAP_BUCKETS);
  const onGrid = (points: readonly { readonly at: number; readonly value: number }[]) =>
    joined(times, points, bucketMs, gapMs);
  const requests = Object.values(traffic).map((points) =>
    onGrid(points.map(({ at, requestsPerSecond }) => ({ at, value: requestsPerSecond }))),
  );
  return {
    times,
    desired: held(times, sizes, bucketMs, ({ desired }) => desired),
    inService: held(times, sizes, bucketMs, ({ inService }) => inService),
    requestsPerSecond: requests.length === 0 ? null : sum(requests),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, points]) => [name, onGrid(points)])),
  };
}

/** What changes in steps stays as it is until it changes. */
function held(
  times: readonly number[],
  points: GroupHistory['capacity'],
  bucketMs: number,
  of: (point: GroupHistory['capacity'][number]) => number,
): Values {
  let next = 0;
  let value: number | null = null;
  return times.map((time) => {
    for (let point = points[next]; point !== undefined && point.at < time + bucketMs; point = points[next]) {
      value = of(point);
      next += 1;
    }
    return value;
  });
}

/** What is measured is drawn from value to value, unless too long a time lies between them. */
function joined(
  times: readonly number[],
  points: readonly { readonly at: number; readonly value: number }[],
  bucketMs: number,
  gapMs: number,
): Values {
  const byTime = new Map(points.map(({ at, value }) => [Math.floor(at / bucketMs) * bucketMs, value]));
  let lastAt = Number.NEGATIVE_INFINITY;
  return times.map((time) => {
    const value = byTime.get(time);
    if (value !== undefined) lastAt = time;
    else if (time - lastAt > gapMs) return null;
    return value;
  });
}

function sum(lines: readonly Values[]): Values {
  const [first = [], ...others] = lines;
  return first.map((value, index) =>
    others.reduce<number | null | undefined>((total, line) => added(total, line[index]), value),
  );
}

function added(one: number | null | undefined, other: number | null | undefined): number | null | undefined {
  if (typeof one === 'number') return one + (other ?? 0);
  return other === null ? one : other;
}

/** The value that a line has at an index: there, or the last one before. */
export function valueAt(values: Values, index: number): number | null {
  for (let at = index; at >= 0; at -= 1) {
    const value = values[at];
    if (value !== undefined) return value;
  }
  return null;
}
