import type { Activity } from '../../src/model/activity.ts';
import type { FleetVersion } from '../../src/model/fleet-version.ts';
import type { GroupMemory } from '../../src/model/group-memory.ts';
import type { Instance, InstanceState, InstanceStateName } from '../../src/model/instance.ts';
import type { Change } from '../../src/ports/store.ts';

/** One of each state; the compiler asks for a new one here. */
export const EVERY_STATE: { readonly [Name in InstanceStateName]: InstanceState & { readonly name: Name } } = {
  launching: { name: 'launching', since: 1_000, retryAt: 2_000 },
  probing: { name: 'probing', since: 2_000 },
  booting: { name: 'booting', since: 1_000 },
  inService: { name: 'inService', since: 1_000 },
  draining: { name: 'draining', since: 1_000, deadline: 9_000, cause: 'scaleIn', reversible: true },
  terminating: { name: 'terminating', since: 1_000, cause: 'unhealthy', retryAt: null, commandEnded: false },
  terminated: { name: 'terminated', since: 1_000, cause: 'neverHealthy' },
};

export const MEMORY: GroupMemory = {
  savedAt: 1_700_000_000_000,
  desired: 3,
  fleetDesired: 2,
  file: { path: '/fleet/desired', value: 3, refused: 'six', standing: 'six', reports: [{ refused: 'six', at: 7 }] },
  launch: {
    failures: 2,
    crashes: 3,
    crashedAt: 4_000,
    why: 'it broke',
    template: 'v1',
    notBefore: 5_000,
    suspended: { since: 4_000, why: 'five launches in a row failed' },
    held: { reaction: 'NoCapacity', why: 'no machine is free.', since: 4_000, tries: 2, until: 6_000 },
  },
  fullPlacements: [{ zone: 'a', instanceType: null, why: 'no room.', tries: 1, until: 7_000 }],
  unhealthyAt: { 'i-1': 1_000, 'i-2': 2_000 },
  seenAgainAt: null,
  machinesListed: true,
  zonesAwaitedSince: 3_000,
  unlistedZones: ['process/a'],
  orphans: [{ instanceId: 'i-0', firstSeenAt: 1_000 }],
  bounds: { minSize: 1, maxSize: 5, minSizeBy: null, maxSizeBy: 'evening', fleetMinSize: 1, fleetMaxSize: 9 },
  policies: new Map([
    [
      'constructor',
      {
        breachedSince: null,
        missingSince: null,
        lastScaleOutAt: 1_000,
        lastScaleInAt: null,
        recommendations: [{ at: 1_000, size: 3 }],
        changes: [{ at: 1_000, by: 1 }],
      },
    ],
  ]),
  scheduled: new Map([['toString', 1_000]]),
  suspendedProcesses: ['launch'],
  told: ['healthBrake'],
};

export function anInstance(id: string, changes: Partial<Instance> = {}): Instance {
  return {
    id,
    group: 'web',
    launchTemplate: {
      provider: 'process',
      zones: ['b'],
      instanceTypes: ['cx22'],
      weight: 1,
      settings: {
        command: ['node', 'hello.js'],
        environment: { GREETING: "it's \u{1F44B}" },
        nothing: null,
        ratio: 0.5,
      },
      version: 'v1',
    },
    placement: { zone: 'b', instanceType: 'cx22' },
    createdAt: 1_000,
    machine: {
      id: `machine-of-${id}`,
      addresses: ['127.0.0.1'],
      ports: [{ port: 8_001, hostPort: 8_001 }],
      seenAt: 1_500,
    },
    state: EVERY_STATE.inService,
    health: { status: 'healthy', since: 1_000 },
    request: null,
    ...changes,
  };
}

export function anActivity(changes: Partial<Activity> = {}): Activity {
  return {
    at: 1_000,
    group: 'web',
    instanceId: null,
    level: 'info',
    reason: 'desiredCapacityChanged',
    message: 'desired capacity changed from 2 to 3',
    cappedBy: null,
    before: { desired: 2, inService: 2, total: 2 },
    after: { desired: 3, inService: 2, total: 2 },
    explanation: { policies: [{ policy: 'cpu', wants: 3, waitsUntil: null }] },
    ...changes,
  };
}

export function aChange(change: Partial<Change>): Change {
  return { memory: null, instances: [], activities: [], ...change };
}

export function aVersion(version: Partial<FleetVersion> = {}): FleetVersion {
  const document = { content: { fleet: 'shop', autoScalingGroups: { web: { maxSize: 3 } } }, baseDir: '/srv' };
  return { number: 1, digest: 'd1', at: 1_000, origin: { kind: 'api', caller: 'curl/8' }, document, ...version };
}
