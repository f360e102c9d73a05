import { describe, expect, it } from 'vitest';
import { predictive } from '../../../src/decide/policies/predictive.ts';
import { step } from '../../../src/decide/policies/step.ts';
import { targetTracking } from '../../../src/decide/policies/target-tracking.ts';
import type { Comparison } from '../../../src/model/scaling-policy.ts';
import { contextOf, foreseeing, HOUR, MONDAY_8, stepping, tracking, value } from '../../support/policies.ts';

describe('a step begins where a person reads that it does', () => {
  it.each<[Comparison, number, number, number, number]>([
    ['greaterThan', 70, 0.1, 70.1, 5],
    ['greaterThan', 70, 0.1, 70.09, 1],
    ['greaterThan', 0.1, 0.2, 0.3, 5],
    ['greaterThanOrEqual', -0.3, 0.4, 0.1, 5],
    ['greaterThan', 1_000_000, 0.3, 1_000_000.3, 5],
    // Below the threshold a step includes its upper bound.
    ['lessThan', 0.7, -0.1, 0.6, -5],
    ['lessThan', 70, -0.1, 69.9, -5],
    ['lessThan', 70, -0.1, 69.91, -1],
    ['lessThan', 70, -0.1, 69.89, -5],
  ])('%s %d, bound %d, value %d: %d', (comparison, threshold, bound, seen, adjustment) => {
    const isAbove = comparison.startsWith('greater');
    const steps = isAbove
      ? [
          { lowerBound: null, upperBound: bound, adjustment: 1 },
          { lowerBound: bound, upperBound: null, adjustment: 5 },
        ]
      : [
          { lowerBound: null, upperBound: bound, adjustment: -5 },
          { lowerBound: bound, upperBound: null, adjustment: -1 },
        ];
    const verdict = step(stepping({ comparison, threshold, steps }), contextOf(value(seen), { desired: 10 }));
    expect(verdict.wants).toBe(10 + adjustment);
  });
});

it.each<[Comparison, number, number, boolean]>([
  ['greaterThan', 0.3, 0.1 + 0.2, false],
  ['greaterThanOrEqual', 0.3, 0.1 + 0.2, true],
  ['greaterThanOrEqual', 0.7, 0.1 + 0.6, true],
  ['lessThan', 0.7, 0.1 + 0.6, false],
  ['lessThanOrEqual', 0.3, 0.1 + 0.2, true],
  ['greaterThan', 0.3, 0.300001, true],
])('%s %d with %d is an alarm: %s', (comparison, threshold, seen, isAlarm) => {
  const steps = [{ lowerBound: null, upperBound: null, adjustment: 1 }];
  const verdict = step(stepping({ comparison, threshold, steps }), contextOf(value(seen)));
  expect(verdict.wants !== null).toBe(isAlarm);
});

it('a tolerance ends where a person reads that it does', () => {
  // 1.1 x 10 is 11.000000000000002, and 3 x 1.1 is 3.3000000000000003.
  const within = targetTracking(tracking({ targetValue: 1 }), contextOf(value(1.1), { desired: 3 }));
  expect(within).toMatchObject({ wants: 3, cappedBy: 'tolerance' });
  expect(targetTracking(tracking({ targetValue: 1 }), contextOf(value(1.11), { desired: 3 })).wants).toBe(4);
});

it('a load of a whole number of servers is for that many', () => {
  const policy = tracking({ valueIs: 'total', targetValue: 0.1 });
  expect(targetTracking(policy, contextOf(value(0.7), { desired: 1 })).wants).toBe(7);
  expect(targetTracking(policy, contextOf(value(0.1 + 0.2), { desired: 1 })).wants).toBe(3);
  const history = Array.from({ length: 48 }, (_, index) => ({ at: MONDAY_8 - (48 - index) * HOUR, value: 0.7 }));
  expect(predictive(foreseeing({ targetValue: 0.1 }), contextOf(null, { history })).wants).toBe(7);
});
