import type { LoadSeries, WhatIfRun } from '../../src/views/what-if.ts';
import { Tally } from '../../src/what-if/tally.ts';

const TOLERANCE = 0.1;
const SCALE_IN_WINDOW_MS = 300_000;

export interface RuleOptions {
  readonly load: LoadSeries;
  /** What each server should have, and what it bears. */
  readonly target: number;
  readonly capacity: number;
  readonly bootMs: number;
  readonly minSize: number;
  readonly maxSize: number;
}

/**
 * The plain rule of Kubernetes' horizontal pod autoscaler, from its documentation:
 * `desired = ceil(current x metric / target)`; nothing within a tolerance of 0.1; servers that are not ready are left out of the
 * average, and taken as idle before scaling out; the largest size recommended within 300 s counts for scaling in. Evaluated with every
 * reading, which it sees when its interval is over. Without the default limits to how fast it scales out.
 */
export function proportionalRule({
  load,
  target,
  capacity,
  bootMs,
  minSize,
  maxSize,
}: RuleOptions): WhatIfRun['summary'] {
  const tally = new Tally(capacity);
  const within = (size: number) => Math.min(maxSize, Math.max(minSize, size));
  let current = within(Math.ceil((load.points[0]?.value ?? 0) / target));
  /** When each server is ready. */
  let readyAt: number[] = Array(current).fill(Number.NEGATIVE_INFINITY);
  let recommended: { readonly at: number; readonly size: number }[] = [];
  let seen = load.points[0]?.value ?? 0;
  for (const { at, value } of load.points) {
    const ready = readyAt.filter((since) => since <= at).length;
    recommended = recommended.filter((one) => one.at > at - SCALE_IN_WINDOW_MS);
    recommended.push({ at, size: within(rule(seen, current, ready, target)) });
    const newest = recommended.at(-1)?.size ?? current;
    const most = Math.max(...recommended.map(({ size }) => size));
    const desired = newest > current ? newest : Math.min(current, most);
    tally.size(current, desired);
    for (let more = current; more < desired; more += 1) readyAt.push(at + bootMs);
    readyAt = readyAt.slice(0, desired);
    current = desired;
    const inService = readyAt.filter((since) => since <= at).length;
    tally.pass(load.intervalMs, value, inService, current);
    seen = value ?? seen;
  }
  return tally.result().summary;
}

function rule(load: number, current: number, ready: number, target: number): number {
  if (ready === 0) return current;
  const ratio = load / ready / target;
  if (Math.abs(ratio - 1) <= TOLERANCE) return current;
  if (ratio < 1 || ready === current) return Math.ceil(ratio * ready);
  // Those that are not ready yet as idle: when the direction turns, nothing is done.
  const cautious = load / current / target;
  return cautious <= 1 + TOLERANCE ? current : Math.ceil(cautious * current);
}
