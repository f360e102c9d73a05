import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance, InstanceState } from '../model/instance.ts';
import type { EpochMs } from '../model/time.ts';

/*
 * When the host's clock is set, durations that began before would be over too soon, or not until the clock has caught up. Records
 * and memory are moved by as much as the clock was.
 */

/** The record as if everything in it had happened `byMs` later; earlier, where that is negative. */
export function shiftInstance(instance: Instance, byMs: number): Instance {
  const { state, machine, health, request } = instance;
  return {
    ...instance,
    createdAt: instance.createdAt + byMs,
    machine: machine === null ? null : { ...machine, seenAt: machine.seenAt + byMs },
    health: { ...health, since: health.since + byMs },
    request: request === null ? null : { ...request, at: request.at + byMs },
    state: shiftState(state, byMs),
  };
}

function shiftState(state: InstanceState, byMs: number): InstanceState {
  const since = state.since + byMs;
  switch (state.name) {
    case 'launching':
    case 'terminating':
      return { ...state, since, retryAt: shiftTime(state.retryAt, byMs) };
    case 'draining':
      return { ...state, since, deadline: shiftTime(state.deadline, byMs) };
    case 'probing':
    case 'booting':
    case 'inService':
    case 'terminated':
      return { ...state, since };
  }
}

/** What falls due by the calendar is not put off when the clock is set forward. */
export function shiftMemory(memory: GroupMemory, byMs: number): GroupMemory {
  const { savedAt, launch, fullPlacements, unhealthyAt, seenAgainAt, orphans, policies, scheduled, file } = memory;
  return {
    ...memory,
    savedAt: shiftTime(savedAt, byMs),
    file:
      file?.reports === undefined
        ? file
        : { ...file, reports: file.reports.map(({ refused, at }) => ({ refused, at: at + byMs })) },
    fullPlacements: fullPlacements.map((one) => ({ ...one, until: one.until + byMs })),
    launch: {
      ...launch,
      crashedAt: shiftTime(launch.crashedAt, byMs),
      notBefore: shiftTime(launch.notBefore, byMs),
      suspended: launch.suspended === null ? null : { ...launch.suspended, since: launch.suspended.since + byMs },
      held:
        launch.held === null
          ? null
          : { ...launch.held, since: launch.held.since + byMs, until: shiftTime(launch.held.until, byMs) },
    },
    unhealthyAt: Object.fromEntries(Object.entries(unhealthyAt).map(([id, at]) => [id, at + byMs])),
    seenAgainAt: shiftTime(seenAgainAt, byMs),
    zonesAwaitedSince: shiftTime(memory.zonesAwaitedSince, byMs),
    orphans: orphans.map((orphan) => ({ ...orphan, firstSeenAt: orphan.firstSeenAt + byMs })),
    policies: new Map(
      [...policies].map(([name, policy]) => [
        name,
        {
          ...policy,
          breachedSince: shiftTime(policy.breachedSince, byMs),
          missingSince: shiftTime(policy.missingSince, byMs),
          lastScaleOutAt: shiftTime(policy.lastScaleOutAt, byMs),
          lastScaleInAt: shiftTime(policy.lastScaleInAt, byMs),
          recommendations: policy.recommendations.map(({ at, size }) => ({ at: at + byMs, size })),
          changes: policy.changes.map(({ at, by }) => ({ at: at + byMs, by })),
        },
      ]),
    ),
    scheduled: new Map([...scheduled].map(([name, at]) => [name, at + Math.min(0, byMs)])),
  };
}

function shiftTime(at: EpochMs | null, byMs: number): EpochMs | null {
  return at === null ? null : at + byMs;
}

/** When something was recorded last, by the clock of that time; null where nothing ever was. */
export function newestTime({ savedAt }: GroupMemory, instances: Iterable<Instance>): EpochMs | null {
  let newest = savedAt;
  for (const { createdAt, state, health, machine } of instances) {
    newest = Math.max(newest ?? createdAt, createdAt, state.since, health.since, machine?.seenAt ?? createdAt);
  }
  return newest;
}
