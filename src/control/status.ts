import { endpointOf } from '../model/endpoint.ts';
import type { Fleet, LoadBalancer } from '../model/fleet.ts';
import { END_CAUSES, type Instance, type MachineRef } from '../model/instance.ts';
import { lifecycleOf } from '../model/lifecycle.ts';
import type { Target, TargetGroupObservation } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type {
  FleetStatus,
  FleetSummary,
  GroupSummary,
  InstanceStatus,
  LoadBalancerStatus,
  TargetGroupStatus,
} from '../views/status.ts';
import type { BalancerLoop } from './balancer-loop.ts';
import { olderTemplates, policyExplanations, sizesOf } from './explanation.ts';
import type { GroupLoop } from './group-loop.ts';
import { type FailedStep, pendingInWords } from './reconciler.ts';
import { increase } from './sampler.ts';

export type ShownGroup = Pick<
  GroupLoop,
  'group' | 'memory' | 'instances' | 'counts' | 'holds' | 'verdicts' | 'machines'
>;

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
  const instancesOf = instanceView(sources);
  return {
    ...fleetSummary(sources),
    loadBalancers: loadBalancers(sources),
    groups: sources.groups.map((loop) => ({ ...groupSummary(loop), instances: loop.instances.map(instancesOf(loop)) })),
  };
}

export function fleetSummary(sources: StatusSources): FleetSummary {
  const { at, startedAt, fleet, fleetVersion, mode, about, failed, defects } = sources;
  return {
    at,
    fleet: fleet.name,
    fleetVersion,
    ...about,
    startedAt,
    mode,
    pending: failed.map(pendingInWords),
    defects,
  };
}

export function groupSummary(loop: Omit<ShownGroup, 'machines'>): GroupSummary {
  const { group, memory, counts, holds } = loop;
  return {
    name: group.name,
    targetGroups: group.targetGroups,
    provider: group.launchTemplate.provider,
    ...sizesOf(loop),
    unhealthy: counts.unhealthy,
    launchSuspended: memory.launch.suspended?.why ?? null,
    suspendedProcesses: memory.suspendedProcesses,
    policies: policyExplanations(group, loop.verdicts),
    holds,
    notes: olderTemplates(loop),
    desiredCapacityFile: group.desiredCapacityFile,
  };
}

export function loadBalancers({ fleet, balancers }: Pick<StatusSources, 'fleet' | 'balancers'>): LoadBalancerStatus[] {
  return fleet.loadBalancers.map((loadBalancer) =>
    balancerStatus(loadBalancer, fleet, balancers.get(loadBalancer.name)),
  );
}

/** Those that no listener has, too. */
export function targetGroups({ fleet, balancers }: Pick<StatusSources, 'fleet' | 'balancers'>): TargetGroupStatus[] {
  return fleet.targetGroups.map(({ name, algorithm }) => {
    const loadBalancer = fleet.loadBalancers.find(({ listeners }) => listeners.some((one) => one.targetGroup === name));
    return targetGroupStatus(name, algorithm, loadBalancer?.name ?? null, balancers.get(loadBalancer?.name ?? ''));
  });
}

/** Finds what load balancers see of an instance. Each observation is indexed once, however often it is asked. */
export class TargetIndex {
  readonly #byId = new WeakMap<readonly Target[], ReadonlyMap<string, Target>>();

  of(targets: readonly Target[]): ReadonlyMap<string, Target> {
    const known = this.#byId.get(targets);
    if (known !== undefined) return known;
    const made = new Map(targets.map((target) => [target.instanceId, target]));
    this.#byId.set(targets, made);
    return made;
  }
}

/** How the instances of a group are shown. */
export type InstanceView = (loop: ShownGroup) => (instance: Instance) => InstanceStatus;

export function instanceView(
  { fleet, balancers }: Pick<StatusSources, 'fleet' | 'balancers'>,
  index = new TargetIndex(),
): InstanceView {
  const seen = seenTargetGroups([...balancers.values()], fleet, index);
  const ports = new Map(fleet.targetGroups.map((targetGroup) => [targetGroup.name, targetGroup.port]));
  return ({ group, machines }) => {
    const port = ports.get(group.targetGroups[0] ?? '') ?? null;
    return (instance) =>
      instanceStatus(instance, {
        port,
        machineDetail: machines.get(instance.id)?.detail ?? '',
        targets: seen.flatMap((targetGroup) => targetOf(targetGroup, instance.id)),
      });
  };
}

interface SeenTargetGroup {
  readonly name: string;
  readonly targets: ReadonlyMap<string, Target>;
  readonly recent: ReturnType<BalancerLoop['recent']>;
  readonly intervalMs: number;
}

function seenTargetGroups(
  balancers: readonly BalancerLoop[],
  { targetGroups }: Fleet,
  index: TargetIndex,
): readonly SeenTargetGroup[] {
  return balancers.flatMap((loop) => {
    const view = loop.view();
    if (view.kind === 'blind') return [];
    return view.value.observation.targetGroups.map(({ name, targets }) => ({
      name,
      targets: index.of(targets),
      recent: loop.recent(name),
      intervalMs: targetGroups.find((group) => group.name === name)?.outlierDetection.intervalMs ?? 0,
    }));
  });
}

function targetOf({ name, targets, recent, intervalMs }: SeenTargetGroup, id: string): InstanceStatus['targets'] {
  const target = targets.get(id);
  if (target === undefined) return [];
  const { requests, errors } = recent.get(id)?.at(-1) ?? { requests: 0, errors: 0 };
  const { openRequests, requestsTotal, responseTimeMs } = target.traffic;
  return [
    {
      targetGroup: name,
      health: target.health,
      detail: target.detail,
      openRequests,
      requestsTotal,
      requestsPerSecond: intervalMs === 0 ? 0 : (requests * 1000) / intervalMs,
      errorShare: requests === 0 ? 0 : errors / requests,
      responseTimeMs,
    },
  ];
}

interface SeenOfInstance {
  /** Of its first target group. */
  readonly port: number | null;
  readonly machineDetail: string;
  readonly targets: InstanceStatus['targets'];
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
    targets,
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
      .map(({ name: targetGroup, algorithm }) => targetGroupStatus(targetGroup, algorithm, name, loop)),
  };
}

function targetGroupStatus(
  name: string,
  algorithm: string,
  loadBalancer: string | null,
  loop: BalancerLoop | undefined,
): TargetGroupStatus {
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
    loadBalancer,
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
