import type { GroupMemory } from './group-memory.ts';
import type { Instance } from './instance.ts';
import type { EpochMs } from './time.ts';

/*
 * After the host's clock was set back, what was recorded before lies in the future: durations that are measured from there would
 * not end until the clock has caught up. Records and memory are moved by as much as the clock was.
 */

/** The record as if everything in it had happened `byMs` earlier. */
export function shiftInstance(instance: Instance, byMs: number): Instance {
  const { state, machine, health, request } = instance;
  const earlier = (at: EpochMs) => at - byMs;
  const earlierOrNull = (at: EpochMs | null) => (at === null ? null : at - byMs);
  const since = earlier(state.since);
  return {
    ...instance,
    createdAt: earlier(instance.createdAt),
    machine: machine === null ? null : { ...machine, seenAt: earlier(machine.seenAt) },
    health: { ...health, since: earlier(health.since) },
    request: request === null ? null : { ...request, at: earlier(request.at) },
    state:
      state.name === 'draining'
        ? { ...state, since, deadline: earlierOrNull(state.deadline) }
        : state.name === 'launching' || state.name === 'terminating'
          ? { ...state, since, retryAt: earlierOrNull(state.retryAt) }
          : { ...state, since },
  };
}

export function shiftMemory(memory: GroupMemory, byMs: number): GroupMemory {
  const { launch, unhealthyAt, sightedAt, orphans, policies, scheduled } = memory;
  const earlierOrNull = (at: EpochMs | null) => (at === null ? null : at - byMs);
  return {
    ...memory,
    launch: {
      ...launch,
      notBefore: launch.notBefore === null ? null : launch.notBefore - byMs,
      suspended: launch.suspended === null ? null : { ...launch.suspended, since: launch.suspended.since - byMs },
    },
    unhealthyAt: unhealthyAt.map((at) => at - byMs),
    sightedAt: sightedAt === null ? null : sightedAt - byMs,
    orphans: orphans.map((orphan) => ({ ...orphan, firstSeenAt: orphan.firstSeenAt - byMs })),
    policies: Object.fromEntries(
      Object.entries(policies).map(([name, policy]) => [
        name,
        {
          breachedSince: earlierOrNull(policy.breachedSince),
          missingSince: earlierOrNull(policy.missingSince),
          lastScaleOutAt: earlierOrNull(policy.lastScaleOutAt),
          lastScaleInAt: earlierOrNull(policy.lastScaleInAt),
          recommendations: policy.recommendations.map(({ at, size }) => ({ at: at - byMs, size })),
          changes: policy.changes.map(({ at, by }) => ({ at: at - byMs, by })),
        },
      ]),
    ),
    scheduled: Object.fromEntries(Object.entries(scheduled).map(([name, at]) => [name, at - byMs])),
  };
}

/** When something last happened to any of them, by the clock of that time; null without instances. */
export function newestTime(instances: Iterable<Instance>): EpochMs | null {
  let newest: EpochMs | null = null;
  for (const { createdAt, state, health, machine } of instances) {
    newest = Math.max(newest ?? createdAt, createdAt, state.since, health.since, machine?.seenAt ?? createdAt);
  }
  return newest;
}
