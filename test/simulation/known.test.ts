import { describe, expect, it } from 'vitest';
import type { ScalingPolicy, ScheduledAction } from '../../src/model/scaling-policy.ts';
import { lived, simulated } from '../support/scenarios.ts';
import type { Happening } from './scenario/happenings.ts';
import { measuring } from './world/sim-metric-source.ts';
import { WORLD_BEGINS } from './world/virtual-clock.ts';

/** Defects that the simulation has found, each with the few happenings that brought it about. */
describe('what the simulation has found', () => {
  const at = (atMs: number, happening: Happening) => ({ atMs, happening });

  it('a lost store takes no server out of the load balancer', async () => {
    const happenings = [at(30_000, { kind: 'loseStore' })];
    const { violations } = await lived({ ...simulated({ desiredCapacity: 3, maxSize: 5 }), happenings });
    expect(violations).toEqual([]);
  });

  it('a fleet goes down although its load balancer could not be reached for a while', async () => {
    const happenings = [
      at(20_000, { kind: 'loseLoadBalancer', which: 0, forMs: 30_000 }),
      at(21_000, { kind: 'down' }),
    ];
    const { violations } = await lived({ ...simulated({ targetGroups: [], minSize: 0 }), happenings });
    expect(violations).toEqual([]);
  });

  it('a clock that is set back by two hours holds nothing up', async () => {
    const happenings = [
      at(30_000, { kind: 'clockJump', byMs: -7_200_000 }),
      at(35_000, { kind: 'vanishMachine', which: 0 }),
    ];
    const { violations } = await lived({ ...simulated({ desiredCapacity: 3, maxSize: 5 }), happenings });
    expect(violations).toEqual([]);
  });

  it.each([1, 2])('a clock that is set forward cuts no drain short (seed %i)', async (seed) => {
    const happenings = [
      at(30_000, { kind: 'setDesired', group: 'web', desired: 1 }),
      at(31_000, { kind: 'clockJump', byMs: 7_200_000 }),
    ];
    const { violations } = await lived({ ...simulated({ desiredCapacity: 8, maxSize: 8 }), happenings }, seed);
    expect(violations).toEqual([]);
  });

  it.each([6, 9])('nor does one that is set forward while no controller runs (seed %i)', async (seed) => {
    const happenings = [
      at(30_000, { kind: 'setDesired', group: 'web', desired: 1 }),
      at(31_000, { kind: 'restartController' }),
      at(31_100, { kind: 'clockJump', byMs: 7_200_000 }),
    ];
    const { violations } = await lived({ ...simulated({ desiredCapacity: 8, maxSize: 8 }), happenings }, seed);
    expect(violations).toEqual([]);
  });

  it('lists from before the clock was set back do not prove that a launch has left no machine', async () => {
    const happenings = [
      at(12_000, { kind: 'providerFull', forMs: 20_000 }),
      at(14_000, { kind: 'clockJump', byMs: -30_000 }),
      at(14_001, { kind: 'setDesired', group: 'web', desired: 2 }),
    ];
    const { violations } = await lived({ ...simulated({ desiredCapacity: 1, maxSize: 5 }), happenings });
    expect(violations).toEqual([]);
  });

  it('a machine that vanished is missed although another group has its address by then', async () => {
    const scenario = simulated({ desiredCapacity: 1, maxSize: 5 });
    const [web] = scenario.fleet.autoScalingGroups;
    const [targetGroup] = scenario.fleet.targetGroups;
    if (web === undefined || targetGroup === undefined) throw new Error('the scenario has no group');
    const slow = { ...targetGroup, healthCheck: { ...targetGroup.healthCheck, intervalMs: 10_000 } };
    const api = { ...web, name: 'api', targetGroups: [], desiredCapacity: 0, minSize: 0 };
    scenario.conditions.machines.reusesAddresses = true;
    const { violations } = await lived({
      ...scenario,
      fleet: { ...scenario.fleet, targetGroups: [slow], autoScalingGroups: [web, api] },
      happenings: [
        at(30_000, { kind: 'vanishMachine', which: 0 }),
        at(30_001, { kind: 'setDesired', group: 'api', desired: 1 }),
      ],
    });
    expect(violations).toEqual([]);
  });

  it('a server that gets requests before it counts as in service keeps them when no more are to be registered', async () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
      const scenario = simulated({ desiredCapacity: 4, targetGroups: ['web', 'other'] });
      const [edge] = scenario.fleet.loadBalancers;
      const [web] = scenario.fleet.targetGroups;
      if (edge === undefined || web === undefined) throw new Error('the scenario has no load balancer');
      const listeners = [{ address: '127.0.0.1', port: 5001, targetGroup: 'other', trustedProxies: [] }];
      const loadBalancers = [edge, { ...edge, name: 'inner', listeners }];
      const fleet = { ...scenario.fleet, loadBalancers, targetGroups: [web, { ...web, name: 'other' }] };
      const happenings = [
        // One of its load balancers finds it healthy, the other one cannot be asked.
        at(1_500, { kind: 'loseLoadBalancer', which: 0.9, forMs: 60_000 }),
        at(20_000, { kind: 'suspend', group: 'web', processes: ['addToLoadBalancer'] }),
      ];
      const { violations } = await lived({ ...scenario, fleet, happenings }, seed);
      expect(violations).toEqual([]);
    }
  });

  it('a scheduled action that lowers the maximum below the minimum has the last word', async () => {
    const lowers = (maxSize: number, atMs: number): ScheduledAction => ({
      name: `at-most-${maxSize}`,
      schedule: { kind: 'once', at: WORLD_BEGINS + atMs },
      startAt: null,
      endAt: null,
      minSize: null,
      maxSize,
      desiredCapacity: null,
    });
    const scheduledActions = [lowers(1, 20_000), lowers(4, 40_000)];
    const scenario = simulated({ minSize: 2, maxSize: 3, scheduledActions });
    const { lines, violations } = await lived({ ...scenario });
    expect(violations).toEqual([]);
    const told = lines
      .filter((line) => line.includes('scheduledAction:'))
      .map((line) => line.replace(/.*action at/, 'at'));
    expect(told).toEqual([
      'at-most-1: minimum from 2 to 1, maximum from 3 to 1, desired capacity from 3 to 1.',
      'at-most-4: minimum from 1 to 2, maximum from 1 to 4, desired capacity from 1 to 2.',
    ]);
  });

  it('a forecast that is followed only since a change of the fleet file has its history', async () => {
    const settings = measuring('web', 'total');
    const total = { name: 'total', source: 'simulated', settings, intervalMs: 1_000, timeoutMs: 500, maxAgeMs: 60_000 };
    const daily = {
      type: 'predictive',
      name: 'daily',
      metric: 'total',
      whenMissing: 'hold',
      targetValue: 100,
      valueIs: 'total',
      mode: 'forecastAndScale',
      schedulingBufferMs: 0,
    } as const;
    const follow = (scalingPolicies: readonly ScalingPolicy[]) =>
      ({ kind: 'editFleet', edit: { kind: 'group', name: 'web', change: { scalingPolicies } } }) as const;
    const scenario = simulated({ desiredCapacity: 1, maxSize: 8, metrics: [total], scalingPolicies: [daily] });
    const happenings = [
      at(500, follow([])),
      at(8_000, { kind: 'restartController' }),
      at(30_000, { kind: 'setDesired', group: 'web', desired: 1 }),
      at(40_000, follow([daily])),
    ];
    const { lines, violations } = await lived({ ...scenario, happenings });
    expect(violations).toEqual([]);
    const changed = lines.findLastIndex((line) => line.includes('fleetChanged'));
    expect(lines.slice(changed).join('\n')).toContain('by policy daily');
  });
});
