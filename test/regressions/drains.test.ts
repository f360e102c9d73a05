/** Failures that others have had with draining, and with dying in the middle of things. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decide/decide.ts';
import type { CrashPoint } from '../simulation/world/crash.ts';
import { healthy, reasons, states } from '../support/decisions.ts';
import { lived, simulated } from '../support/scenarios.ts';
import { NOW, type Server, snapshotOf } from '../support/snapshot.ts';

function draining(id: string, reversible: boolean): Server {
  const cause = reversible ? 'scaleIn' : 'unhealthy';
  const since = NOW - 30_000;
  return { id, target: 'draining', state: { name: 'draining', since, deadline: NOW + 30_000, cause, reversible } };
}

describe('a drain', () => {
  it('nomad-autoscaler #672: is called off when the server is needed again', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), draining('x', true)]), NOW);
    expect(reasons(decision)).toEqual(['scaleInCancelled']);
    expect(states(decision)).toEqual({ x: 'inService' });
  });

  it('nomad-autoscaler #521: that cannot be called off does not hold up the next launch', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), draining('x', false)]), NOW);
    expect(reasons(decision)).toEqual(['launch']);
  });

  it('nomad-autoscaler #521: whose requests never end has an end', () => {
    const late = { ...draining('x', false), state: { ...draining('x', false).state, deadline: NOW } } as Server;
    const decision = decide(snapshotOf([...healthy('a', 'b', 'c'), late]), NOW);
    expect(reasons(decision)).toEqual(['drainTimedOut']);
    expect(states(decision)).toEqual({ x: 'terminating' });
  });
});

describe('a crash', () => {
  const counts = [1, 2, 3];
  const crashes = (points: readonly CrashPoint[]) => points.flatMap((at) => counts.map((count) => ({ at, count })));

  it.each(crashes(['store.commit:before', 'store.commit:after', 'provider.launch:before', 'provider.launch:after']))(
    'nomad-autoscaler #610: at $at, number $count, launches nothing twice',
    async (crash) => {
      const { lines, violations } = await lived({ ...simulated({ desiredCapacity: 3 }), crashes: [crash] });
      expect(violations).toEqual([]);
      expect(lines.some((line) => line.includes(' dies at '))).toBe(true);
      expect(lines.filter((line) => / m-\d+ of i-\w+ launched/.test(line) && !line.includes('neighbour'))).toHaveLength(
        3,
      );
    },
  );

  it.each(
    crashes([
      'loadBalancer.apply:before',
      'loadBalancer.apply:after',
      'provider.terminate:before',
      'provider.terminate:after',
    ]),
  )('nomad-autoscaler #410, #628: at $at, number $count, leaves nothing that was drained', async (crash) => {
    const happening = { kind: 'setDesired', group: 'web', desired: 1 } as const;
    const { lines, violations } = await lived({
      ...simulated({ desiredCapacity: 3 }),
      happenings: [{ atMs: 30_000, happening }],
      crashes: [crash],
    });
    expect(violations).toEqual([]);
    expect(lines.some((line) => line.includes(' dies at '))).toBe(true);
    // What is left is judged by the run itself: it has to come to one machine, one member, one record.
    expect(lines.filter((line) => line.includes('is gone (ended)')).length).toBeGreaterThanOrEqual(2);
  });
});
