import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyRuns } from '../../test/support/effort.ts';
import {
  contextOf,
  FREELY,
  foreseeing,
  HOUR,
  MINUTE,
  MONDAY_8,
  missing,
  SECOND,
  simply,
  stepping,
  tracking,
  value,
} from '../../test/support/policies.ts';
import { type Play, play, sizes } from '../../test/support/policy-trace.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import { ADJUSTMENT_TYPES, COMPARISONS, type ScalingPolicy } from '../model/scaling-policy.ts';
import { combine } from './policies/combine.ts';
import { evaluate } from './policies/evaluate.ts';
import { NO_POLICY_MEMORY } from './policies/policy.ts';

const size = fc.integer({ min: 0, max: 200 });
const reading = fc.double({ min: 0, max: 1e6, noNaN: true });
const pace = fc.record({
  windowMs: fc.constantFrom(0, MINUTE, 5 * MINUTE),
  cooldownMs: fc.constantFrom(0, MINUTE),
  maxChange: fc.option(
    fc.record({
      instances: fc.option(fc.integer({ min: 1, max: 20 })),
      percent: fc.integer({ min: 1, max: 200 }),
      periodMs: fc.constantFrom(MINUTE, 10 * MINUTE),
    }),
  ),
});
const anyTracking = fc.record({
  targetValue: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
  valueIs: fc.constantFrom('average' as const, 'total' as const),
  tolerance: fc.double({ min: 0, max: 0.9, noNaN: true }),
  scaleOut: pace,
  scaleIn: pace,
  disableScaleIn: fc.boolean(),
});
const anyPolicy: fc.Arbitrary<ScalingPolicy> = fc.oneof(
  anyTracking.map(tracking),
  fc
    .record({
      comparison: fc.constantFrom(...COMPARISONS),
      threshold: fc.integer({ min: 0, max: 100 }),
      adjustmentType: fc.constantFrom(...ADJUSTMENT_TYPES),
      steps: fc
        .integer({ min: -100, max: 100 })
        .map((adjustment) => [{ lowerBound: null, upperBound: null, adjustment }]),
      breachForMs: fc.constantFrom(0, MINUTE),
    })
    .map(stepping),
  fc
    .record({ adjustment: fc.integer({ min: -100, max: 100 }), threshold: fc.integer({ min: 0, max: 100 }) })
    .map(simply),
  fc.constant(foreseeing()),
);
const memory = fc.record({
  lastScaleOutAt: fc.option(fc.integer({ min: MONDAY_8 - HOUR, max: MONDAY_8 + HOUR })),
  lastScaleInAt: fc.option(fc.integer({ min: MONDAY_8 - HOUR, max: MONDAY_8 + HOUR })),
  recommendations: fc
    .array(fc.record({ at: fc.integer({ min: MONDAY_8 - HOUR, max: MONDAY_8 }), size }), { maxLength: 8 })
    .map((all) => all.toSorted((a, b) => a.at - b.at)),
  changes: fc.array(
    fc.record({ at: fc.integer({ min: MONDAY_8 - HOUR, max: MONDAY_8 }), by: fc.integer({ min: -9, max: 9 }) }),
    {
      maxLength: 4,
    },
  ),
});

describe('target tracking', () => {
  it('is monotone in the metric: more load never gives fewer servers', () => {
    fc.assert(
      fc.property(anyTracking, memory, size, fc.nat(5), reading, reading, (changes, known, desired, warming, a, b) => {
        const policy = tracking({ ...changes, disableScaleIn: false });
        const situation = { desired, warming: Math.min(warming, desired), memory: known };
        const wants = (number: number) => evaluate(policy, contextOf(value(number), situation)).wants ?? desired;
        expect(wants(Math.max(a, b))).toBeGreaterThanOrEqual(wants(Math.min(a, b)));
      }),
    );
  });

  it('does not move once it is there: a constant metric changes the size at most once, in one direction', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 30, noNaN: true }), fc.integer({ min: 1, max: 30 }), (load, start) => {
        const seen = sizes(play(follow(load, start, () => 1)));
        expect(seen.length).toBeLessThanOrEqual(2);
      }),
      propertyRuns(40),
    );
  });

  it('does not flap on a noisy metric: it never adds again what it took away', () => {
    const noise = fc.array(fc.double({ min: 0.96, max: 1.04, noNaN: true }), { minLength: 160, maxLength: 160 });
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 30, noNaN: true }),
        fc.integer({ min: 1, max: 30 }),
        noise,
        (load, start, factors) => {
          const seen = sizes(play(follow(load, start, (index) => factors[index] ?? 1)));
          const directions = seen.slice(1).map((next, index) => Math.sign(next - (seen[index] ?? 0)));
          expect(directions.join(' ')).not.toMatch(/-1 (-1 )*1/);
        },
      ),
      propertyRuns(40),
    );
  });
});

/** A metric as an average over the servers there are, for a load of so many at the target. */
function follow(load: number, start: number, factor: (step: number) => number): Play {
  return {
    group: { ...group([tracking()]), desiredCapacity: start, maxSize: 100 },
    minutes: 20,
    metrics: (minute, inService) => ({
      cpu: inService === 0 ? null : (load * 50 * factor(minute * 4)) / inService,
    }),
  };
}

function group(scalingPolicies: readonly ScalingPolicy[]): Partial<AutoScalingGroup> {
  const names = new Set(scalingPolicies.map(({ metric }) => metric));
  return {
    metrics: [...names].toSorted().map((name) => ({
      name,
      source: 'constant',
      settings: {},
      intervalMs: 15 * SECOND,
      timeoutMs: SECOND,
      maxAgeMs: MINUTE,
    })),
    scalingPolicies,
  };
}

describe('all policies', () => {
  const policies = fc.uniqueArray(anyPolicy, { minLength: 1, maxLength: 4, selector: ({ type }) => type });
  const series = fc.array(fc.option(fc.double({ min: 0, max: 300, noNaN: true })), { minLength: 30, maxLength: 30 });
  const script = (chosen: readonly ScalingPolicy[], values: readonly (number | null)[]): Play => ({
    group: { ...group(chosen), minSize: 2, maxSize: 12, desiredCapacity: 5, defaultInstanceWarmupMs: 30 * SECOND },
    minutes: values.length,
    everyMs: MINUTE / 2,
    bootMs: MINUTE / 2,
    metrics: (minute) => ({ cpu: values[Math.floor(minute)] ?? null, requests: values[Math.floor(minute)] ?? null }),
  });

  it('keep to the minimum and maximum', () => {
    fc.assert(
      fc.property(policies, series, (chosen, values) => {
        for (const { decision } of play(script(chosen, values))) {
          expect(decision.memory.desired).toBeGreaterThanOrEqual(2);
          expect(decision.memory.desired).toBeLessThanOrEqual(12);
        }
      }),
      propertyRuns(60),
    );
  });

  it('come to the same in any order', () => {
    fc.assert(
      fc.property(policies, series, (chosen, values) => {
        const told = (order: readonly ScalingPolicy[]) =>
          play(script(order, values)).map(({ decision: { memory: after, activities } }) => ({
            desired: after.desired,
            policies: after.policies,
            messages: activities.map(({ message }) => message),
          }));
        expect(told(chosen.toReversed())).toEqual(told(chosen));
      }),
      propertyRuns(40),
    );
  });

  it('come to the same whether what they remember was stored and read in between or not', () => {
    fc.assert(
      fc.property(anyPolicy, memory, size, reading, (policy, known, desired, number) => {
        const remembered = { ...NO_POLICY_MEMORY, ...known };
        const situation = { desired, memory: remembered };
        const stored = { desired, memory: structuredClone(remembered) };
        expect(evaluate(policy, contextOf(value(number), stored))).toEqual(
          evaluate(policy, contextOf(value(number), situation)),
        );
      }),
    );
  });

  it('that hold change nothing without a reading, whatever they remember', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { minLength: 1 }), memory, size, (chosen, known, desired) => {
        const verdicts = chosen.map((policy) =>
          evaluate({ ...policy, whenMissing: 'hold' }, contextOf(missing(), { desired, memory: known })),
        );
        expect(combine(verdicts, desired, { minSize: 0, maxSize: 1_000 }).size).toBe(desired);
      }),
    );
  });

  it('remember no more than the sizes there were', () => {
    fc.assert(
      fc.property(series, (values) => {
        const policy = tracking({ scaleIn: { ...FREELY, windowMs: HOUR } });
        const scenes = play(script([policy], values));
        const sizesOf = new Set(values.map((number) => Math.ceil((number ?? 0) * 12)));
        for (const { decision } of scenes)
          expect(decision.memory.policies.get('cpu')?.recommendations.length ?? 0).toBeLessThanOrEqual(
            2 * sizesOf.size + 2,
          );
      }),
      propertyRuns(20),
    );
  });
});
