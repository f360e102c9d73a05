import { describe, expect, it } from 'vitest';
import { contextOf, MINUTE, MONDAY_8, missing, stepping, value } from '../../../test/support/policies.ts';
import type { Comparison } from '../../model/scaling-policy.ts';
import { step, stepFor } from './step.ts';

const STEPS = [
  { lowerBound: null, upperBound: -10, adjustment: -2 },
  { lowerBound: -10, upperBound: 0, adjustment: -1 },
  { lowerBound: 0, upperBound: 10, adjustment: 1 },
  { lowerBound: 10, upperBound: null, adjustment: 2 },
];

it.each<[Comparison, number, number]>([
  ['greaterThanOrEqual', 0, 1],
  ['greaterThan', 9.99, 1],
  ['greaterThan', 10, 2],
  ['greaterThan', 1_000, 2],
  ['lessThanOrEqual', 0, -1],
  ['lessThan', -9.99, -1],
  ['lessThan', -10, -2],
  ['lessThan', -1_000, -2],
])('%s: %d from the threshold is the step by %d', (comparison, distance, adjustment) => {
  expect(stepFor({ steps: STEPS, threshold: 60, comparison }, 60 + distance)?.adjustment).toBe(adjustment);
});

describe('a step policy', () => {
  it('has no opinion while the metric is not beyond the threshold', () => {
    expect(step(stepping(), contextOf(value(60)))).toMatchObject({ wants: null, agreesToScaleIn: true });
  });

  it('goes by how far it is beyond', () => {
    expect(step(stepping(), contextOf(value(65)))).toMatchObject({ wants: 5 });
    expect(step(stepping(), contextOf(value(70)))).toMatchObject({ wants: 7, agreesToScaleIn: false });
  });

  it('waits for the breach duration, measured from reading to reading', () => {
    const policy = stepping({ breachForMs: 2 * MINUTE });
    const first = step(policy, contextOf(value(65)));
    expect(first).toMatchObject({ wants: null, cappedBy: 'breachDuration', waitsUntil: MONDAY_8 + 2 * MINUTE });
    const { memory } = first;
    // The clock alone is no measurement.
    expect(step(policy, contextOf(value(65), { memory, now: MONDAY_8 + 3 * MINUTE }))).toMatchObject({ wants: null });
    const later = MONDAY_8 + 2 * MINUTE;
    expect(step(policy, contextOf(value(65, later), { memory, now: later }))).toMatchObject({ wants: 5 });
    const calm = step(policy, contextOf(value(60, later), { memory, now: later }));
    expect(calm.memory.breachedSince).toBeNull();
  });

  it('adds nothing for the same step while servers warm up, and the difference for a higher one', () => {
    const whileWarming = { desired: 5, warming: 1 };
    expect(step(stepping(), contextOf(value(65), whileWarming))).toMatchObject({ wants: 5, cappedBy: 'warmup' });
    expect(step(stepping(), contextOf(value(75), whileWarming))).toMatchObject({ wants: 7 });
  });

  it('does not add for servers that cannot be launched', () => {
    expect(step(stepping(), contextOf(value(65), { desired: 8, settled: 4 }))).toMatchObject({ wants: 8 });
  });

  it('counts from the unhealthy ones too: an overload fails health checks', () => {
    expect(step(stepping(), contextOf(value(75), { desired: 4, warm: 1, settled: 4 }))).toMatchObject({ wants: 7 });
  });

  it('needs a newer reading after a change of its own', () => {
    const memory = { lastScaleOutAt: MONDAY_8 };
    expect(step(stepping(), contextOf(value(65), { memory }))).toMatchObject({ wants: null });
    const later = value(65, MONDAY_8 + 1);
    expect(step(stepping(), contextOf(later, { memory, now: MONDAY_8 + 1 }))).toMatchObject({ wants: 5 });
  });

  it('scales in, but not before the warm-up is over', () => {
    const policy = stepping({ comparison: 'lessThan', threshold: 20, steps: STEPS });
    expect(step(policy, contextOf(value(15)))).toMatchObject({ wants: 3, agreesToScaleIn: true });
    expect(step(policy, contextOf(value(15), { warming: 1 }))).toMatchObject({ wants: 4, agreesToScaleIn: false });
  });

  it.each([
    ['hold', null, false],
    ['ignore', null, true],
  ] as const)('without a reading: %s', (whenMissing, wants, agreesToScaleIn) => {
    expect(step(stepping({ whenMissing }), contextOf(missing()))).toMatchObject({ wants, agreesToScaleIn });
  });
});
