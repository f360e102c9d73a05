import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Reading } from '../../../src/model/observation.ts';
import type { ScalingPolicy } from '../../../src/model/scaling-policy.ts';
import { healthy, holds, unhealthySince } from '../../support/decisions.ts';
import { FREELY, metric, simply, stepping, tracking } from '../../support/policies.ts';
import { NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const sick = (...ids: string[]): Server[] => ids.map((id) => ({ id, ...unhealthySince(5_000) }));

const average = (value: number, over?: number): Reading => ({
  kind: 'value',
  value,
  at: NOW,
  ...(over !== undefined && { over }),
});

function decideOn(servers: readonly Server[], reading: Reading, policy: ScalingPolicy = tracking({ scaleIn: FREELY })) {
  const group = {
    metrics: [metric('cpu')],
    scalingPolicies: [policy],
    desiredCapacity: servers.length,
    maxSize: 20,
    healthCheckGracePeriodMs: 600_000,
  };
  return decide(snapshotOf(servers, { group }, { metrics: new Map([['cpu', reading]]) }), NOW);
}
const size = (...args: Parameters<typeof decideOn>) => decideOn(...args).memory.desired;

describe('while no server is healthy', () => {
  it('an average scales out by all that are in service, whoever took it', () => {
    expect(size(sick('a', 'b'), average(100, 2))).toBe(4);
    expect(size(sick('a', 'b'), average(95))).toBe(4);
  });

  it.each([
    ['target tracking', tracking({ scaleIn: FREELY })],
    ['target tracking of a total', tracking({ scaleIn: FREELY, valueIs: 'total' })],
    ['steps', stepping({ comparison: 'lessThan', steps: [{ lowerBound: null, upperBound: null, adjustment: -1 }] })],
    ['simple scaling', simply({ comparison: 'lessThan', adjustment: -1 })],
  ])('%s takes none away', (_, policy) => {
    expect(size(healthy('a', 'b', 'c'), average(5), policy)).toBeLessThan(3);
    const decision = decideOn(sick('a', 'b', 'c'), average(5), policy);
    expect([decision.memory.desired, decision.changed]).toEqual([3, []]);
    expect(holds(decision)).toContain('scalingPolicy');
    expect(decision.verdicts[0]).toMatchObject({ cappedBy: 'unhealthy', agreesToScaleIn: false });
    expect(decision.verdicts[0]?.why).toContain('no server in service is healthy: none is taken away');
  });
});

describe('while some are unhealthy', () => {
  const servers = [...healthy('a', 'b'), ...sick('c', 'd', 'e', 'f', 'g', 'h')];

  it('an average from elsewhere, which they may be in or not, takes away as if they were', () => {
    expect(size(servers, average(95))).toBe(8);
    expect(decideOn(servers, average(95)).verdicts[0]).toMatchObject({ cappedBy: 'unhealthy', wants: 8 });
    expect(size(servers, average(25))).toBe(4);
  });

  it('and adds as if they were not', () => {
    expect(size(servers, average(100))).toBe(8);
    expect(size(servers, average(300))).toBe(12);
  });

  it('an average whose source says what it is over is exact', () => {
    expect(size(servers, average(300, 2))).toBe(12);
    expect(size(servers, average(100, 8))).toBe(16);
    expect(size(servers, average(100, 2))).toBe(4);
  });
});

describe('while servers warm up', () => {
  const group = (servers: readonly Server[], reading: Reading) => ({
    ...snapshotOf(
      servers,
      {
        group: {
          metrics: [metric('cpu')],
          scalingPolicies: [tracking({ targetValue: 5 })],
          desiredCapacity: 6,
          maxSize: 20,
          defaultInstanceWarmupMs: 120_000,
        },
        memory: { desired: 6 },
      },
      { metrics: new Map([['cpu', reading]]) },
    ),
  });
  const fresh = (id: string): Server => ({ id, state: { name: 'inService', since: NOW - 10_000 } });
  const servers = [...healthy('a', 'b'), ...['c', 'd', 'e', 'f'].map(fresh)];

  it('80 requests a second at a target of 5 are for 16 servers, whoever is warm', () => {
    expect(decide(group(servers, average(80 / 6, 6)), NOW).memory.desired).toBe(16);
    // Who does not say what it is over is taken to leave out those that warm up, as EC2 does.
    expect(decide(group(servers, average(80 / 6)), NOW).memory.desired).toBe(6);
  });

  it('an average of none of the group’s own says nothing', () => {
    const decision = decide(group(servers, average(100, 0)), NOW);
    expect([decision.memory.desired, decision.verdicts[0]?.wants]).toEqual([6, null]);
  });
});
