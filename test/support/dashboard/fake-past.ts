import type { Explanation } from '../../../src/views/status.ts';
import type { FakeFleet } from './fake-fleet.ts';
import { groupRow } from './fake-rows.ts';

/** A group's past as the load's curve gives it. */
export function historyOf(fleet: FakeFleet, name: string, since: number, bucketMs: number) {
  const group = fleet.group(name);
  const capacity: {
    readonly at: number;
    readonly desired: number;
    readonly inService: number;
    readonly total: number;
  }[] = [];
  const traffic = [];
  const requests = [];
  for (let at = since - (since % bucketMs); at <= fleet.now; at += bucketMs) {
    const load = fleet.load(group, at);
    const bounded = (size: number) => Math.min(group.maxSize, Math.max(group.minSize, size));
    const wanted = (then: number) =>
      group.perServer === null
        ? group.desired
        : bounded(Math.ceil(fleet.load(group, then - (then % 60_000)) / group.perServer));
    const desired = wanted(at);
    const inService = group.incident === null ? Math.min(desired, wanted(at - 25_000)) : 1;
    const last = capacity.at(-1);
    if (last?.desired !== desired || last.inService !== inService)
      capacity.push({ at, desired, inService, total: desired });
    const errors5xxPerSecond = load * group.errorShare;
    const responseTimeMs = group.responseTimeMs * (1 + 0.2 * Math.sin(at / 90_000));
    traffic.push({
      at,
      requestsPerSecond: load,
      errors5xxPerSecond,
      responseTimeMs,
      openRequests: 0,
      queuedRequests: 0,
      healthyTargets: inService,
      totalTargets: desired,
    });
    requests.push({ at, value: load / Math.max(1, inService) });
  }
  return {
    bucketMs,
    capacity,
    metrics: group.perServer === null ? {} : { requests },
    traffic: group.targetGroup === null ? {} : { [group.targetGroup]: traffic },
  };
}

/** What `explain` would say. */
export function explanationOf(fleet: FakeFleet, name: string): Explanation {
  const group = fleet.group(name);
  const row = groupRow(fleet, group);
  const { desired, minSize, maxSize, inService, pending, terminating, policies, suspendedProcesses, holds } = row;
  const size = { name, desired, minSize, maxSize, inService, pending, terminating };
  return {
    at: fleet.now,
    group: { ...size, fleetMinSize: minSize, fleetMaxSize: maxSize },
    policies,
    scheduledActions: group.scheduledActions.map((action) => ({
      ...action,
      nextAt: nextAt(action.schedule, fleet.now),
    })),
    suspendedProcesses,
    next: [],
    holds,
    activities: fleet.activities.filter((activity) => activity.group === name).slice(-10),
  };
}

/** Of a daily time, as far as that is in the expression. */
function nextAt(schedule: string, now: number): number {
  const [minute = '0', hour = '0'] = schedule.split(' ');
  const today = now - (now % 86_400_000) + Number(hour) * 3_600_000 + Number(minute) * 60_000;
  return today > now ? today : today + 86_400_000;
}
