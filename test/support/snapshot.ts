import { Forecasts } from '../../src/decide/policies/forecast.ts';
import { Calendar } from '../../src/decide/schedule.ts';
import type { CommandRecords, RequestWindow, Snapshot, UnseenZones } from '../../src/decide/snapshot.ts';
import { placesOf } from '../../src/model/endpoint.ts';
import type { AutoScalingGroup, TargetGroup } from '../../src/model/fleet.ts';
import { EMPTY_MEMORY } from '../../src/model/group-memory.ts';
import type { Instance, InstanceState, MachineAddresses } from '../../src/model/instance.ts';
import { type Machine, NO_TRAFFIC, type Target, type TargetHealth } from '../../src/model/observation.ts';

/** The time of the decision in these tests; everything else is told relative to it. */
export const NOW = 1_000_000_000;

/** The desired capacity file of a group for which the test says what it reads. */
export const DESIRED_FILE = '/fleet/desired';

export const GROUP: AutoScalingGroup = {
  name: 'web',
  targetGroups: ['web'],
  launchTemplate: { provider: 'process', zones: [], instanceTypes: [], weight: 100, settings: {}, version: 'v1' },
  minSize: 0,
  maxSize: 10,
  desiredCapacity: 3,
  desiredCapacityFile: null,
  healthCheckGracePeriodMs: 30_000,
  defaultInstanceWarmupMs: 0,
  launchTimeoutMs: 120_000,
  probeBeforeRegistration: false,
  terminationCommand: null,
  launchRetry: { initialBackoffMs: 9_000, maxBackoffMs: 900_000, suspendAfter: 15 },
  terminationPolicies: ['Default'],
  orphanGracePeriodMs: 300_000,
  metrics: [],
  scalingPolicies: [],
  scheduledActions: [],
};

export const TARGET_GROUP: TargetGroup = {
  name: 'web',
  port: null,
  algorithm: 'roundRobin',
  healthCheck: {
    port: null,
    method: 'GET',
    host: 'localhost',
    path: '/health',
    headers: [],
    matcher: '200-399',
    intervalMs: 2_000,
    fastIntervalMs: 200,
    downIntervalMs: 200,
    timeoutMs: 1_000,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
  },
  deregistrationDelayMs: 60_000,
  outlierDetection: { action: 'report', intervalMs: 10_000, minRequests: 20, errorShare: 0.5, consecutiveIntervals: 3 },
  slowStartMs: 0,
  maxConnectionsPerTarget: null,
  queueTimeoutMs: 30_000,
  connectionReuse: 'safe',
};

/** What a server of the test's group looks like to everyone; defaults to a healthy one in service. */
export interface Server {
  readonly id: string;
  readonly state?: InstanceState;
  readonly health?: Instance['health'];
  readonly request?: Instance['request'];
  readonly createdAgoMs?: number;
  readonly template?: string;
  readonly zone?: string;
  readonly instanceType?: string;
  /** As its load balancer sees it; null where it is no member. */
  readonly target?: TargetHealth | null;
  readonly idleObservations?: number;
  /** What it answered to Drover itself, a moment ago; by default what its load balancer says. Null for never asked. */
  readonly probe?: 'healthy' | 'unhealthy' | 'silent' | null;
  /** As its provider sees it; null where it is not listed. */
  readonly machine?: Machine['state'] | null;
  /** What its provider does to bring it back, or would do. */
  readonly repair?: Machine['repair'];
  /** The record knows no machine yet. */
  readonly unlaunched?: boolean;
}

export interface Circumstances {
  readonly group?: Partial<AutoScalingGroup>;
  readonly memory?: Partial<Snapshot['memory']>;
  /** When the newest list and observation were asked for, before the decision. */
  readonly seenAgoMs?: number;
  /** What became of each server's requests. */
  readonly recent?: readonly (readonly [string, readonly RequestWindow[]])[];
  readonly outlierDetection?: Partial<TargetGroup['outlierDetection']>;
  /** The provider's zones, and those of them that cannot be seen. */
  readonly zones?: readonly string[];
  readonly unseen?: readonly string[];
}

/** A snapshot in which `servers` are what the records, the provider and the load balancer say. */
export function snapshotOf(
  servers: readonly Server[],
  {
    group: changes = {},
    memory = {},
    seenAgoMs = 10,
    recent = [],
    outlierDetection = {},
    zones = [],
    unseen = [],
  }: Circumstances = {},
  overrides: Partial<Snapshot> = {},
): Snapshot {
  const desiredCapacityFile = overrides.file == null ? null : DESIRED_FILE;
  const group = { ...GROUP, desiredCapacityFile, ...changes };
  const machines = new Map(
    servers.flatMap((server) =>
      server.machine === null || server.unlaunched ? [] : [[server.id, machineOf(server)] as const],
    ),
  );
  const targets = new Map(
    servers.flatMap((server) =>
      server.target === null || server.unlaunched ? [] : [[server.id, targetOf(server)] as const],
    ),
  );
  const unseenZones: UnseenZones =
    unseen.length === 0
      ? new Map()
      : new Map([['process', new Map(unseen.map((zone) => [zone, 'connect ETIMEDOUT']))]]);
  const targetGroups =
    group.targetGroups.length > 0
      ? [{ ...TARGET_GROUP, outlierDetection: { ...TARGET_GROUP.outlierDetection, ...outlierDetection } }]
      : [];
  return {
    group,
    targetGroups,
    mode: 'up',
    memory: {
      ...EMPTY_MEMORY,
      machinesListed: true,
      desired: group.desiredCapacity,
      fleetDesired: group.desiredCapacity,
      ...memory,
    },
    instances: servers.map((server) => instanceOf(server, group)),
    machines: {
      kind: 'seen',
      value: {
        at: NOW - seenAgoMs,
        machines,
        unseenZones,
        places: placesIn(machines.values()),
        hasAllFromBefore: true,
        previous: { at: NOW - seenAgoMs - 1_000, machines, unseenZones },
      },
    },
    zones,
    throttled: new Map(),
    targets: new Map(
      targetGroups.map(({ name }) => [
        name,
        { kind: 'seen', value: { at: NOW - seenAgoMs, targets, recent: new Map(recent) } },
      ]),
    ),
    file: null,
    metrics: new Map(),
    histories: new Map(),
    calendar: new Calendar(),
    forecasts: new Forecasts(),
    probes: new Map(
      servers.flatMap((server) => (server.probe === null ? [] : [[server.id, probeOf(server)] as const])),
    ),
    outcomes: [],
    ended: new Map(),
    busy: new Set(),
    idSeed: 'seed',
    ...overrides,
  };
}

function instanceOf(server: Server, group: AutoScalingGroup): Instance {
  const createdAt = NOW - (server.createdAgoMs ?? 600_000);
  const version = server.template ?? group.launchTemplate.version;
  return {
    id: server.id,
    group: group.name,
    launchTemplate: { ...group.launchTemplate, version },
    placement: { zone: server.zone ?? null, instanceType: server.instanceType ?? null },
    createdAt,
    machine: server.unlaunched ? null : { id: `m-${server.id}`, ...addressesOf(server), seenAt: createdAt },
    state: server.state ?? { name: 'inService', since: createdAt },
    health: server.health ?? { status: server.unlaunched ? 'unknown' : 'healthy', since: createdAt },
    request: server.request ?? null,
  };
}

function probeOf({ target = 'healthy', probe = target === 'healthy' ? 'healthy' : 'unhealthy' }: Server) {
  const healthy = probe === 'healthy';
  const detail = healthy ? 'answered 200' : probe === 'silent' ? 'no answer in time' : 'answered 503';
  return { at: NOW - 5, healthy, answered: probe !== 'silent', detail };
}

export function machineOf(server: Server): Machine {
  return {
    id: `m-${server.id}`,
    instanceId: server.id,
    group: GROUP.name,
    state: server.machine ?? 'running',
    ...addressesOf(server),
    launchedAt: NOW - (server.createdAgoMs ?? 600_000),
    zone: server.zone ?? null,
    detail: '',
    ...(server.repair === undefined ? {} : { repair: server.repair }),
  };
}

/** What a person's command to the group is decided from; it is alone in its fleet. */
export function recordsOf(servers: readonly Server[], circumstances: Circumstances = {}): CommandRecords {
  const { group, memory, instances, targetGroups } = snapshotOf(servers, circumstances);
  return { group, memory, instances, balanced: new Set(targetGroups.map(({ name }) => name)), others: [] };
}

/** One port each. */
export function addressesOf({ id }: Pick<Server, 'id'>): MachineAddresses {
  const port = 20_000 + [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 10_000, 7);
  return { addresses: ['127.0.0.1'], ports: [{ port, hostPort: port }] };
}

function targetOf(server: Server): Target {
  return {
    instanceId: server.id,
    health: server.target ?? 'healthy',
    detail: server.target === 'unhealthy' ? 'connection refused (L4CON)' : '',
    idleObservations: server.idleObservations ?? 0,
    traffic: NO_TRAFFIC,
  };
}

/** As the machine watch tells them. */
export function placesIn(machines: Iterable<Machine>): Map<string, string> {
  return new Map([...machines].flatMap((machine) => placesOf(machine).map((place) => [place, machine.id])));
}
