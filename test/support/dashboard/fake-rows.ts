import type { InstanceStateName } from '../../../src/model/instance.ts';
import type { FakeFleet } from './fake-fleet.ts';
import type { FakeGroup } from './fake-shop.ts';

/** A group as the API lists it. */
export function groupRow(fleet: FakeFleet, group: FakeGroup) {
  const mine = fleet.of(group.name);
  const count = (...states: InstanceStateName[]) => mine.filter(({ state }) => states.includes(state)).length;
  const until = fleet.now + 42_000 - (fleet.now % 42_000);
  return {
    name: group.name,
    desired: group.desired,
    minSize: group.minSize,
    maxSize: group.maxSize,
    inService: count('inService'),
    pending: count('launching', 'probing', 'booting'),
    terminating: count('draining', 'terminating'),
    unhealthy: mine.filter(({ state, health }) => state === 'inService' && health === 'unhealthy').length,
    targetGroups: group.targetGroup === null ? [] : [group.targetGroup],
    provider: group.provider,
    launchSuspended: group.launchSuspended,
    suspendedProcesses: group.suspendedProcesses,
    policies: group.policies(fleet.load(group, fleet.now), group.desired),
    holds: group.holds.map((hold) => ({ ...hold, until: hold.code === 'scalingPolicy' ? until : null })),
    notes: group.notes,
    desiredCapacityFile: null,
  };
}

/** The one load balancer, in front of every group that has a target group. */
export function loadBalancerRows(fleet: FakeFleet) {
  const behind = fleet.groups.flatMap((group) =>
    group.targetGroup === null ? [] : [{ group, name: group.targetGroup }],
  );
  return [
    {
      name: 'front',
      state: 'running',
      version: '3.0.11',
      detail: '',
      listeners: behind.map(({ name }, index) => ({ url: `http://0.0.0.0:${5000 + index}`, targetGroup: name })),
      statsUrl: 'http://127.0.0.1:8404',
      targetGroups: behind.map(({ group, name }) => {
        const mine = fleet.of(group.name).filter(({ state }) => state === 'inService' || state === 'booting');
        const load = fleet.load(group, fleet.now);
        return {
          name,
          loadBalancer: 'front',
          algorithm: 'leastRequests',
          healthy: mine.filter(({ health }) => health === 'healthy').length,
          total: mine.length,
          requestsPerSecond: load,
          errors5xxPerSecond: group.errorShare * load,
          retried: 3,
          openRequests: Math.round(load * 0.06),
          queuedRequests: 0,
        };
      }),
    },
  ];
}
