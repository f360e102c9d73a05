/** Failures that others have had with who is unhealthy, and who has to go. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decide/decide.ts';
import { failure, healthy, holds, reasons, states, unhealthySince } from '../support/decisions.ts';
import { lived, simulated } from '../support/scenarios.ts';
import { GROUP, NOW, type Server, snapshotOf } from '../support/snapshot.ts';

const ENDINGS = ['replaceUnhealthy', 'scaleIn', 'neverHealthy', 'machineGone', 'machineStopped'];

function expectNothingEnded(decision: ReturnType<typeof decide>): void {
  expect(reasons(decision).filter((reason) => ENDINGS.includes(reason))).toEqual([]);
}

describe('unhealthy servers', () => {
  it('code-dot-org #25578: an overload that fails the health checks of several ends none of them', () => {
    const overloaded = ['x', 'y'].map((id) => ({ id, ...unhealthySince(40_000) }));
    const memory = { unhealthyAt: { x: NOW - 40_000, y: NOW - 40_000 } };
    const decision = decide(
      snapshotOf([...healthy('a', 'b', 'c'), ...overloaded], { group: { desiredCapacity: 5 }, memory }),
      NOW,
    );
    expectNothingEnded(decision);
    expect(holds(decision)).toContain('healthBrake');
  });

  it('karpenter #2811: an observer that finds all of them bad is not believed', () => {
    const all = ['x', 'y', 'z'].map((id) => ({ id, ...unhealthySince(3_600_000) }));
    const decision = decide(snapshotOf(all), NOW);
    expectNothingEnded(decision);
    expect(holds(decision)).toContain('healthBrake');
  });

  it('karpenter #2811: nor one that finds a single one bad which answers a second observer', () => {
    const one: Server = { id: 'x', ...unhealthySince(3_600_000), probe: 'healthy' };
    const decision = decide(snapshotOf([...healthy('a', 'b'), one]), NOW);
    expectNothingEnded(decision);
    expect(holds(decision)).toContain('secondVantage');
  });

  it('Octavia failover notes: an observer that cannot be reached makes nobody unhealthy', () => {
    const blind = { kind: 'blind', since: NOW - 60_000, failure: failure('Transient') } as const;
    const one: Server = { id: 'x', ...unhealthySince(3_600_000) };
    const decision = decide(snapshotOf([...healthy('a', 'b'), one], {}, { targets: new Map([['web', blind]]) }), NOW);
    expectNothingEnded(decision);
  });

  it('karpenter #2321: machines that have stopped do not hold the brake against the others', () => {
    const since = NOW - 1_000;
    const stopped: Server = { id: 'x', ...unhealthySince(1_000), machine: 'stopped' };
    const memory = { unhealthyAt: { y: NOW - 40_000, x: since } };
    const servers = [...healthy('a', 'b', 'c'), { id: 'y', ...unhealthySince(40_000) }, stopped];
    const decision = decide(snapshotOf(servers, { group: { desiredCapacity: 5 }, memory }), NOW);
    expect(states(decision)).toMatchObject({ x: 'terminating' });
    expect(holds(decision)).not.toContain('healthBrake');
  });

  it('karpenter #2134: the brake lets go when its minute is over', () => {
    const servers = [...healthy('a', 'b', 'c'), ...['x', 'y'].map((id) => ({ id, ...unhealthySince(65_000) }))];
    const memory = { unhealthyAt: { x: NOW - 65_000, y: NOW - 65_000 } };
    const decision = decide(snapshotOf(servers, { group: { desiredCapacity: 5 }, memory }), NOW);
    expect(reasons(decision)).toContain('replaceUnhealthy');
    expect(decision.memory.unhealthyAt).toEqual({});
  });

  it('karpenter #2811: when not all of them look bad any more, their grace periods begin anew', () => {
    const servers = [...healthy('a', 'b'), { id: 'x', ...unhealthySince(3_600_000) }];
    const decision = decide(snapshotOf(servers, { memory: { told: ['healthBrake:all'] } }), NOW);
    expectNothingEnded(decision);
    expect(decision.wakeAt).toBe(NOW + GROUP.healthCheckGracePeriodMs);
  });

  it.each([1, 3])('karpenter #2134, #2321: the brake does not block a group of %i for ever', (size) => {
    const servers = [...healthy(...['a', 'b'].slice(0, size - 1)), { id: 'x', ...unhealthySince(50_000) }];
    const memory = { unhealthyAt: { x: NOW - 50_000 } };
    const decision = decide(snapshotOf(servers, { group: { desiredCapacity: size }, memory }), NOW);
    expect(reasons(decision)).toContain('replaceUnhealthy');
  });
});

describe('whoever has to go', () => {
  it('riju #78: is not the only one that is warm, while others only boot', () => {
    // There is no rebalancing yet: scaling in is what could choose wrongly.
    const booting: Server[] = ['x', 'y'].map((id) => ({
      id,
      createdAgoMs: 5_000,
      target: 'initial',
      state: { name: 'booting', since: NOW - 4_000 },
      health: { status: 'unknown', since: NOW - 4_000 },
    }));
    const group = { desiredCapacity: 1, terminationPolicies: ['OldestInstance'] } as const;
    const decision = decide(snapshotOf([...healthy('warm'), ...booting], { group }), NOW);
    expect(Object.keys(states(decision)).toSorted()).toEqual(['x', 'y']);
  });

  it('autoscaler #5465: is ended by its id, and nobody else is', async () => {
    const size = (atMs: number, desired: number) =>
      ({ atMs, happening: { kind: 'setDesired', group: 'web', desired } }) as const;
    const { lines, violations } = await lived({
      ...simulated({ desiredCapacity: 1, terminationPolicies: ['NewestInstance'] }),
      happenings: [size(10_000, 5), size(30_000, 1)],
    });
    expect(violations).toEqual([]);
    const told = lines.flatMap((line) => /scaleIn: Draining (i-\w+)/.exec(line)?.[1] ?? []);
    const ended = lines.flatMap((line) => /m-\d+ of (i-\w+) stops as asked/.exec(line)?.[1] ?? []);
    expect(told).toHaveLength(4);
    expect(ended.toSorted()).toEqual(told.toSorted());
  });
});
