import { boundsOf } from '../decide/bounds.ts';
import { desiredOf } from '../decide/desired.ts';
import type { TargetGroupObservation, TargetHealth } from '../model/observation.ts';
import type { FleetNumbers, GroupNumbers, LoadBalancerNumbers, TargetGroupNumbers } from '../ports/telemetry.ts';
import type { BalancerLoop } from './balancer-loop.ts';
import type { GroupLoop } from './group-loop.ts';

export interface NumberSources {
  readonly fleetVersion: number;
  readonly defects: number;
  readonly groups: readonly Pick<GroupLoop, 'group' | 'memory' | 'counts' | 'holds'>[];
  /** Whether each provider that is open can be seen. */
  readonly providers: { readonly seen: ReadonlyMap<string, boolean> };
  readonly balancers: ReadonlyMap<string, BalancerLoop>;
}

export function fleetNumbers(sources: NumberSources): FleetNumbers {
  const { fleetVersion, defects, groups, providers, balancers } = sources;
  return {
    fleetVersion,
    defects,
    groups: groups.map(groupNumbers),
    providers: [...providers.seen].map(([name, isSeen]) => ({ name, isSeen })),
    loadBalancers: [...balancers].map(([name, loop]) => loadBalancerNumbers(name, loop)),
  };
}

function groupNumbers({ group, memory, counts, holds }: NumberSources['groups'][number]): GroupNumbers {
  return {
    name: group.name,
    ...boundsOf(group, memory),
    desired: desiredOf({ group, memory }),
    instances: counts.byState,
    unhealthy: counts.unhealthy,
    isLaunchSuspended: memory.launch.suspended !== null,
    holds,
  };
}

function loadBalancerNumbers(name: string, loop: BalancerLoop): LoadBalancerNumbers {
  const view = loop.view();
  const observation = view.kind === 'seen' ? view.value.observation : null;
  return {
    name,
    isSeen: observation !== null,
    connections: observation?.limits.connections ?? null,
    maxConnections: observation?.limits.maxConnections ?? null,
    targetGroups: observation?.targetGroups.map(targetGroupNumbers) ?? [],
  };
}

function targetGroupNumbers({ name, traffic, targets }: TargetGroupObservation): TargetGroupNumbers {
  const { requestsTotal, errors5xxTotal, openRequests, queuedRequests } = traffic;
  const byHealth = new Map<TargetHealth, number>(
    (['initial', 'healthy', 'unhealthy', 'draining', 'unavailable'] as const).map((health) => [health, 0]),
  );
  for (const { health } of targets) byHealth.set(health, (byHealth.get(health) ?? 0) + 1);
  return { name, targets: byHealth, requestsTotal, errors5xxTotal, openRequests, queuedRequests };
}
