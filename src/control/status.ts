import { endpointOf } from '../model/endpoint.ts';
import type { Fleet, LoadBalancer } from '../model/fleet.ts';
import { END_CAUSES, type Instance, type MachineRef } from '../model/instance.ts';
import { lifecycleOf } from '../model/lifecycle.ts';
import type { Target, TargetGroupObservation } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type {
  FleetStatus,
  GroupStatus,
  InstanceStatus,
  LoadBalancerStatus,
  TargetGroupStatus,
} from '../views/status.ts';
import type { BalancerLoop } from './balancer-loop.ts';
import { olderTemplates, policyExplanations, sizesOf } from './explanation.ts';
import type { GroupLoop } from './group-loop.ts';
import { type FailedStep, pendingInWords } from './reconciler.ts';
import { increase } from './sampler.ts';

type ShownGroup = Pick<GroupLoop, 'group' | 'memory' | 'instances' | 'holds' | 'verdicts' | 'machines'>;

export interface StatusSources {
  readonly at: EpochMs;
  readonly startedAt: EpochMs;
  readonly fleet: Fleet;
  readonly mode: 'up' | 'down';
  readonly about: {
    readonly version: string;
    readonly pid: number;
    readonly fleetFile: string | null;
    readonly dataDir: string;
  };
  readonly fleetVersion: number;
  readonly failed: readonly FailedStep[];
  readonly defects: number;
  readonly groups: readonly ShownGroup[];
  readonly balancers: ReadonlyMap<string, BalancerLoop>;
}

/** What the controller knows, as people are shown it. */
export function fleetStatus(sources: StatusSources): FleetStatus {
  const { at, startedAt, fleet, fleetVersion, mode, about, failed, defects, groups, balancers } = sources;
  const targets = targetsByInstance([...balancers.values()], fleet);
  const ports = new Map(fleet.targetGroups.map((targetGroup) => [targetGroup.name, targetGroup.port]));
  return {
    at,
    fleet: fleet.name,
    fleetVersion,
    ...about,
    startedAt,
    mode,
    pending: failed.map(pendingInWords),
    defects,
    loadBalancers: fleet.loadBalancers.map((loadBalancer) =>
      balancerStatus(loadBalancer, fleet, balancers.get(loadBalancer.name)),
    ),
    groups: groups.map((loop) => groupStatus(loop, targets, ports)),
  };
}

interface SeenTarget extends Target {
  readonly targetGroup: string;
  readonly requestsPerSecond: number;
  readonly errorShare: number;
}

function targetsByInstance(
  balancers: readonly BalancerLoop[],
  { targetGroups }: Fleet,
): ReadonlyMap<string, readonly SeenTarget[]> {
  const byInstance = new Map<string, SeenTarget[]>();
  for (const loop of balancers) {
    const view = loop.view();
    if (view.kind === 'blind') continue;
    for (const { name, targets } of view.value.observation.targetGroups) {
      const recent = loop.recent(name);
      const intervalMs = targetGroups.find((group) => group.name === name)?.outlierDetection.intervalMs ?? 0;
      for (const target of targets) {
        const known = byInstance.get(target.instanceId) ?? [];
        const { requests, errors } = recent.get(target.instanceId)?.at(-1) ?? { requests: 0, errors: 0 };
        const rates = {
          requestsPerSecond: intervalMs === 0 ? 0 : (requests * 1000) / intervalMs,
          errorShare: requests === 0 ? 0 : errors / requests,
        };
        byInstance.set(target.instanceId, [...known, { ...target, ...rates, targetGroup: name }]);
      }
    }
  }
  return byInstance;
}

function groupStatus(
  loop: ShownGroup,
  targets: ReadonlyMap<string, readonly SeenTarget[]>,
  ports: ReadonlyMap<string, number | null>,
): GroupStatus {
  const { group, memory, instances, holds, machines } = loop;
  return {
    name: group.name,
    ...sizesOf(loop),
    launchSuspended: memory.launch.suspended?.why ?? null,
    suspendedProcesses: memory.suspendedProcesses,
    policies: policyExplanations(group, loop.verdicts),
    holds,
    notes: olderTemplates(loop),
    instances: instances.map((instance) =>
      instanceStatus(instance, {
        port: ports.get(group.targetGroups[0] ?? '') ?? null,
        machineDetail: machines.get(instance.id)?.detail ?? '',
        targets: targets.get(instance.id) ?? [],
      }),
    ),
    desiredCapacityFile: group.desiredCapacityFile,
  };
}

interface SeenOfInstance {
  /** Of its first target group. */
  readonly port: number | null;
  readonly machineDetail: string;
  readonly targets: readonly SeenTarget[];
}

function instanceStatus(instance: Instance, { port, machineDetail, targets }: SeenOfInstance): InstanceStatus {
  const { id, group, state, createdAt, health, machine, launchTemplate, placement } = instance;
  return {
    id,
    group,
    lifecycleState: lifecycleOf(instance).awsName,
    state: state.name,
    since: state.since,
    createdAt,
    health: health.status,
    detail: detailOf(instance),
    endpoint: machine === null ? null : placeOf(machine, port),
    provider: launchTemplate.provider,
    machineId: machine?.id ?? null,
    machineDetail,
    ...placement,
    targets: targets.map(({ targetGroup, health, detail, traffic, requestsPerSecond, errorShare }) => ({
      targetGroup,
      health,
      detail,
      openRequests: traffic.openRequests,
      requestsTotal: traffic.requestsTotal,
      requestsPerSecond,
      errorShare,
      responseTimeMs: traffic.responseTimeMs,
    })),
  };
}

/** Its address alone, where no port is known. */
function placeOf(machine: MachineRef, port: number | null): string | null {
  const endpoint = endpointOf(machine, port);
  return endpoint === null ? (machine.addresses[0] ?? null) : `${endpoint.address}:${endpoint.port}`;
}

function detailOf({ state, health, request }: Instance): string {
  switch (state.name) {
    case 'draining':
    case 'terminating':
    case 'terminated':
      return END_CAUSES[state.cause];
    case 'launching':
    case 'probing':
    case 'booting':
    case 'inService':
      if (request !== null) return `${request.kind} was asked for`;
      return health.status === 'unhealthy' ? health.detail : '';
  }
}

function balancerStatus(
  { name, listeners, statsPage }: LoadBalancer,
  fleet: Fleet,
  loop: BalancerLoop | undefined,
): LoadBalancerStatus {
  const view = loop?.view();
  const seen = view?.kind === 'seen' ? view.value : null;
  const never = view?.kind === 'blind' && view.failure === null;
  const names = new Set(listeners.map(({ targetGroup }) => targetGroup));
  return {
    name,
    state: loop === undefined ? 'stopped' : seen !== null ? 'running' : never ? 'starting' : 'unreachable',
    version: seen?.observation.version ?? null,
    detail: loop?.trouble || (seen?.observation.partial ?? ''),
    listeners: (seen?.observation.listeners ?? listeners).map(({ address, port, targetGroup }) => ({
      url: url(address, port),
      targetGroup,
    })),
    statsUrl: statsPage === null ? null : url(statsPage.address, statsPage.port),
    targetGroups: fleet.targetGroups
      .filter((targetGroup) => names.has(targetGroup.name))
      .map(({ name: targetGroup, algorithm }) => targetGroupStatus(targetGroup, algorithm, loop)),
  };
}

function targetGroupStatus(name: string, algorithm: string, loop: BalancerLoop | undefined): TargetGroupStatus {
  const find = (groups: readonly TargetGroupObservation[] | undefined) => groups?.find((group) => group.name === name);
  const view = loop?.view();
  const now = view?.kind === 'seen' ? find(view.value.observation.targetGroups) : undefined;
  const { earlier, newest } = loop?.window ?? {};
  const before = find(earlier?.observation.targetGroups);
  const after = find(newest?.observation.targetGroups);
  const seconds =
    earlier !== undefined && newest !== undefined ? (newest.asked.steadyMs - earlier.asked.steadyMs) / 1000 : 0;
  const rate = (counter: 'requestsTotal' | 'errors5xxTotal') =>
    before === undefined || after === undefined || seconds <= 0
      ? 0
      : increase(before.traffic[counter], after.traffic[counter]) / seconds;
  return {
    name,
    algorithm,
    healthy: now?.targets.filter(({ health }) => health === 'healthy').length ?? 0,
    // Those on their way out are not missed.
    total: now?.targets.filter(({ health }) => health !== 'draining' && health !== 'unavailable').length ?? 0,
    requestsPerSecond: rate('requestsTotal'),
    errors5xxPerSecond: rate('errors5xxTotal'),
    retried: now?.traffic.retriesTotal ?? 0,
    openRequests: now?.traffic.openRequests ?? 0,
    queuedRequests: now?.traffic.queuedRequests ?? 0,
  };
}

/** As a person would type it: wildcard addresses are reachable as localhost. */
function url(address: string, port: number): string {
  const host = address === '0.0.0.0' || address === '::' || address === '*' ? 'localhost' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
