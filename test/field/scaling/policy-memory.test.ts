import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import { shiftMemory } from '../../../src/decide/shift.ts';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Metric } from '../../../src/model/metric.ts';
import type { ScalingPolicy } from '../../../src/model/scaling-policy.ts';
import { healthy } from '../../support/decisions.ts';
import { MINUTE, metric, stepping, tracking, value } from '../../support/policies.ts';
import { NOW, snapshotOf } from '../../support/snapshot.ts';

const CPU = metric('cpu');

function decideOn(
  policy: ScalingPolicy,
  seen: number,
  memory: Partial<GroupMemory> = {},
  atMs = 0,
  measured: Metric = CPU,
) {
  const group = { metrics: [measured], scalingPolicies: [policy], desiredCapacity: 3 };
  const metrics = new Map([['cpu', value(seen, NOW + atMs)]]);
  return decide(snapshotOf(healthy('a', 'b', 'c'), { group, memory }, { metrics }), NOW + atMs).memory;
}

describe('a breach belongs to what is measured and to the threshold that it is of', () => {
  const busy = stepping({ breachForMs: 10 * MINUTE });
  const begun = decideOn(busy, 65);

  it.each([
    ['the same', busy, CPU, 4],
    ['other steps', { ...busy, steps: [{ lowerBound: null, upperBound: null, adjustment: 2 }] }, CPU, 5],
    ['another threshold', { ...busy, threshold: 62 }, CPU, 3],
    ['another comparison', { ...busy, comparison: 'greaterThanOrEqual' }, CPU, 3],
    ['another source under the same name', busy, { ...CPU, settings: { value: 2 } }, 3],
  ] as const)('%s', (_, policy, measured, desired) => {
    expect(decideOn(policy, 65, shiftMemory(begun, 0), 10 * MINUTE, measured).desired).toBe(desired);
  });
});

it('sizes recommended for another target say nothing about this one; when the size was changed still counts', () => {
  const before = decideOn(tracking({ targetValue: 50 }), 10).policies.get('cpu');
  expect(before?.recommendations).toEqual([
    { at: NOW, size: 3 },
    { at: NOW, size: 1 },
  ]);
  const memory = { policies: new Map([['cpu', { ...before, lastScaleOutAt: NOW - 5 } as typeof before & object]]) };
  const after = decideOn(tracking({ targetValue: 10 }), 10, memory, 6 * MINUTE).policies.get('cpu');
  expect(after).toMatchObject({ recommendations: [{ at: NOW + 6 * MINUTE, size: 3 }], lastScaleOutAt: NOW - 5 });
});
