import {
  ALGORITHMS,
  type AutoScalingGroup,
  DEFAULT_HISTORY,
  type Fleet,
  type HealthCheck,
  OUTLIER_ACTIONS,
  type OutlierDetection,
  type TargetGroup,
  TERMINATION_POLICIES,
  type TerminationPolicy,
} from '../../../src/model/fleet.ts';
import { sampleLoadBalancer } from '../../haproxy-samples.ts';
import { SERVER_PORTS } from '../world/network.ts';
import type { Random } from '../world/random.ts';
import { randomScaling } from './random-scaling.ts';

const PROVIDER = 'simulated';

/** A small fleet with settings as they come: one or two load balancers, one to three groups. */
export function randomFleet(random: Random): Fleet {
  const targetGroups = ['tg-a', 'tg-b', 'tg-c'].slice(0, random.int(2, 3)).map((name) => targetGroup(name, random));
  const edges = random.chance(0.25) ? ['edge', 'inner'] : ['edge'];
  const loadBalancers = edges.map((name, edge) => ({
    ...sampleLoadBalancer,
    name,
    listeners: targetGroups.flatMap((group, index) =>
      index % edges.length === edge
        ? [{ address: '127.0.0.1', port: 5000 + index, targetGroup: group.name, trustedProxies: [] }]
        : [],
    ),
  }));
  const names = random.pick([['web'], ['web'], ['web', 'api'], ['web', 'api', 'work']]);
  const empty = {
    name: 'simulated',
    providers: [],
    loadBalancers,
    targetGroups,
    autoScalingGroups: [],
    notifications: [],
    history: DEFAULT_HISTORY,
  };
  return { ...empty, autoScalingGroups: names.map((name) => randomGroup(name, empty, random)) };
}

function targetGroup(name: string, random: Random): TargetGroup {
  const ports = random.fork(`ports of ${name}`);
  return {
    name,
    port: ports.pick([SERVER_PORTS.first, SERVER_PORTS.second]),
    algorithm: random.pick(ALGORITHMS),
    healthCheck: { ...healthCheck(random), port: ports.chance(0.2) ? SERVER_PORTS.health : null },
    deregistrationDelayMs: random.pick([0, 2_000, 10_000, 30_000]),
    outlierDetection: outlierDetection(random),
    slowStartMs: 0,
    maxConnectionsPerTarget: null,
    queueTimeoutMs: 30_000,
    connectionReuse: 'safe',
  };
}

function outlierDetection(random: Random): OutlierDetection {
  return {
    action: random.pick(OUTLIER_ACTIONS),
    intervalMs: random.pick([1_000, 2_000, 5_000]),
    minRequests: random.pick([1, 5, 20]),
    errorShare: 0.5,
    consecutiveIntervals: random.int(1, 3),
  };
}

function healthCheck(random: Random): Omit<HealthCheck, 'port'> {
  const intervalMs = random.pick([500, 1_000, 2_000, 5_000]);
  return {
    method: 'GET',
    host: 'localhost',
    path: '/health',
    headers: [],
    matcher: '200',
    intervalMs,
    fastIntervalMs: Math.min(intervalMs, random.pick([200, 1_000])),
    downIntervalMs: random.pick([200, 1_000, 2_000]),
    timeoutMs: Math.min(1_000, intervalMs),
    healthyThreshold: random.int(1, 3),
    unhealthyThreshold: random.int(1, 3),
  };
}

/** A group behind one of the fleet's target groups, now and then behind several of them or behind none. */
export function randomGroup(name: string, fleet: Fleet, random: Random): AutoScalingGroup {
  const all = fleet.targetGroups.map((targetGroup) => targetGroup.name);
  const targetGroups = random.chance(0.15) ? [] : random.chance(0.15) ? all.slice(0, 2) : [random.pick(all)];
  const maxSize = random.int(1, 8);
  const minSize = random.int(0, Math.min(2, maxSize));
  const initialBackoffMs = random.pick([1_000, 5_000]);
  const group = {
    name,
    targetGroups,
    launchTemplate: { provider: PROVIDER, zones: [], instanceTypes: [], weight: 100, settings: {}, version: 'v1' },
    minSize,
    maxSize,
    desiredCapacity: random.int(minSize, maxSize),
    desiredCapacityFile: random.chance(0.6) ? `/simulated/${name}.desired` : null,
    healthCheckGracePeriodMs: random.pick([15_000, 30_000, 60_000]),
    defaultInstanceWarmupMs: random.pick([0, 5_000, 20_000]),
    launchTimeoutMs: random.pick([20_000, 60_000]),
    launchRetry: { initialBackoffMs, maxBackoffMs: random.pick([10_000, 30_000]), suspendAfter: random.int(3, 8) },
    terminationPolicies: randomTermination(random),
    orphanGracePeriodMs: 300_000,
    ...randomGrace(random.fork('grace')),
  };
  return { ...group, ...randomScaling(group, random) };
}

/** What is done at both ends of a server's life. */
function randomGrace(random: Random): Pick<AutoScalingGroup, 'probeBeforeRegistration' | 'terminationCommand'> {
  const command = { command: ['flush'], workingDirectory: '/simulated', timeoutMs: random.pick([2_000, 20_000]) };
  return { probeBeforeRegistration: random.chance(0.2), terminationCommand: random.chance(0.2) ? command : null };
}

export function randomTermination(random: Random): readonly TerminationPolicy[] {
  const first = random.pick(TERMINATION_POLICIES);
  return first === 'Default' ? [first] : [first, 'Default'];
}
