/** Situations that chance seldom makes, in which a single line stands between the fleet and a violation. */

import { expect, it } from 'vitest';
import { lived, simulated } from '../support/scenarios.ts';
import { TARGET_GROUP } from '../support/snapshot.ts';
import type { Scenario } from './scenario/scenario.ts';
import { SERVER_PORTS } from './world/network.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

it('several that hang are replaced one after the other', async () => {
  const hang = (which: number) => ({ kind: 'hangMachine', which, forMs: null }) as const;
  const { lines, violations } = await lived({
    // Their grace period and the brake are over for both at once.
    ...simulated({ desiredCapacity: 6, healthCheckGracePeriodMs: 90_000 }),
    happenings: [
      { atMs: 40_000, happening: hang(0) },
      { atMs: 40_000, happening: hang(0.99) },
    ],
    quietAtMs: 240_000,
  });
  expect(violations).toEqual([]);
  const told = lines.flatMap((line) => /drover +(replaceUnhealthy|inService): /.exec(line)?.[1] ?? []);
  expect(told.slice(6)).toEqual(['replaceUnhealthy', 'inService', 'replaceUnhealthy', 'inService']);
});

it('one that fails its requests while its checks pass is replaced, and none when all do', async () => {
  const scenario = simulated({ desiredCapacity: 4, healthCheckGracePeriodMs: 5_000 });
  const outlierDetection = { ...TARGET_GROUP.outlierDetection, action: 'replace', intervalMs: 5_000 } as const;
  const targetGroups = scenario.fleet.targetGroups.map((group) => ({ ...group, outlierDetection }));
  const { lines, violations } = await lived({
    ...scenario,
    fleet: { ...scenario.fleet, targetGroups },
    happenings: [
      { atMs: 60_000, happening: { kind: 'errMachine', which: 0, forMs: 60_000 } },
      { atMs: 180_000, happening: { kind: 'errAll', forMs: 60_000 } },
    ],
    quietAtMs: 300_000,
  });
  expect(violations).toEqual([]);
  const told = lines.flatMap((line) => /drover +(targetOutlier|replaceUnhealthy|recovered): /.exec(line)?.[1] ?? []);
  const alike = ['targetOutlier', 'recovered'].flatMap((reason) => Array(4).fill(reason));
  expect(told).toEqual(['targetOutlier', 'replaceUnhealthy', ...alike]);
});

it('an address is not given away while a load balancer still routes to it', async () => {
  let given = 0;
  for (const seed of SEEDS) {
    const scenario = inTwoGroups(simulated({ desiredCapacity: 2, healthCheckGracePeriodMs: 300_000 }));
    const { machines, loadBalancer } = scenario.conditions;
    machines.reusesAddresses = true;
    loadBalancer.apply.latency = { minMs: 12_000, maxMs: 12_000 };
    const { lines, violations } = await lived(
      {
        ...scenario,
        happenings: [
          { atMs: 120_000, happening: { kind: 'stopMachine', which: 0 } },
          { atMs: 123_500, happening: { kind: 'setDesired', group: 'web', desired: 4 } },
        ],
        quietAtMs: 240_000,
      },
      seed,
    );
    expect(violations).toEqual([]);
    // The one that stopped was of the other group.
    given += Number(lines.some((line) => line.includes('api should have 2 and has 1')));
  }
  expect(given).toBeGreaterThan(0);
});

it('a machine that serves is not given up because lists lag behind', async () => {
  for (const seed of SEEDS) {
    // Behind no load balancer, which would know better.
    const scenario = simulated({ desiredCapacity: 1, targetGroups: [] });
    const { machines, provider } = scenario.conditions;
    machines.pendingMs = [1, 10];
    machines.bootMs = [1, 10];
    provider.staleLists = 0.5;
    provider.staleByMs = 5_000;
    const sizes = [1, 10, 1, 10, 1, 10, 1, 10];
    const { lines, violations } = await lived(
      {
        ...scenario,
        happenings: sizes.map((desired, index) => ({
          atMs: 20_000 * (index + 1),
          happening: { kind: 'setDesired', group: 'web', desired },
        })),
        quietAtMs: 200_000,
      },
      seed,
    );
    expect(violations).toEqual([]);
    expect(lines.filter((line) => line.includes('inService: ')).length).toBeGreaterThan(30);
  }
});

/** A second group, `api`, behind the same load balancer. */
function inTwoGroups(scenario: Scenario): Scenario {
  const { fleet } = scenario;
  const [group] = fleet.autoScalingGroups;
  const [loadBalancer] = fleet.loadBalancers;
  if (group === undefined || loadBalancer === undefined) throw new Error('there is one of each');
  const listener = { address: '127.0.0.1', port: 5001, targetGroup: 'api', trustedProxies: [] };
  return {
    ...scenario,
    fleet: {
      ...fleet,
      loadBalancers: [{ ...loadBalancer, listeners: [...loadBalancer.listeners, listener] }],
      targetGroups: [...fleet.targetGroups, { ...TARGET_GROUP, name: 'api', port: SERVER_PORTS.first }],
      autoScalingGroups: [group, { ...group, name: 'api', targetGroups: ['api'] }],
    },
  };
}
