import {
  ALGORITHMS,
  type AutoScalingGroup,
  DEFAULT_HISTORY,
  type Fleet,
  type HealthCheck,
  type TargetGroup,
  TERMINATION_POLICIES,
} from '../model/fleet.ts';
import type { Random } from './random.ts';

const LOAD_BALANCER = 'edge';
const PROVIDER = 'simulated';

/** A small fleet with settings as they come: one load balancer, one or two groups. */
export function randomFleet(random: Random): Fleet {
  const targetGroups = [targetGroup('tg-a', random), targetGroup('tg-b', random)];
  const names = random.chance(0.35) ? ['web', 'api'] : ['web'];
  const autoScalingGroups = names.map((name, index) => {
    const own = targetGroups[index]?.name ?? 'tg-a';
    return group(name, random.chance(0.1) ? [] : random.chance(0.1) ? ['tg-a', 'tg-b'] : [own], random);
  });
  return {
    name: 'simulated',
    loadBalancers: [
      {
        name: LOAD_BALANCER,
        listeners: targetGroups.map(({ name }, index) => ({
          address: '127.0.0.1',
          port: 5000 + index,
          targetGroup: name,
        })),
        statsPage: null,
      },
    ],
    targetGroups,
    autoScalingGroups,
    history: DEFAULT_HISTORY,
  };
}

function targetGroup(name: string, random: Random): TargetGroup {
  return {
    name,
    algorithm: random.pick(ALGORITHMS),
    healthCheck: healthCheck(random),
    deregistrationDelayMs: random.pick([0, 2_000, 10_000, 30_000]),
    slowStartMs: 0,
  };
}

function healthCheck(random: Random): HealthCheck {
  const intervalMs = random.pick([500, 1_000, 2_000, 5_000]);
  return {
    path: '/health',
    matcher: '200',
    intervalMs,
    fastIntervalMs: Math.min(intervalMs, random.pick([200, 1_000])),
    downIntervalMs: random.pick([200, 1_000, 2_000]),
    timeoutMs: 1_000,
    healthyThreshold: random.int(1, 3),
    unhealthyThreshold: random.int(1, 3),
  };
}

function group(name: string, targetGroups: readonly string[], random: Random): AutoScalingGroup {
  const maxSize = random.int(1, 8);
  const minSize = random.int(0, Math.min(2, maxSize));
  const initialBackoffMs = random.pick([1_000, 5_000]);
  return {
    name,
    targetGroups,
    launchTemplate: { provider: PROVIDER, weight: 100, settings: {}, version: 'v1' },
    minSize,
    maxSize,
    desiredCapacity: random.int(minSize, maxSize),
    desiredCapacityFile: random.chance(0.6) ? `/simulated/${name}.desired` : null,
    healthCheckGracePeriodMs: random.pick([15_000, 30_000, 60_000]),
    defaultInstanceWarmupMs: random.pick([0, 5_000, 20_000]),
    launchTimeoutMs: random.pick([20_000, 60_000]),
    launchRetry: { initialBackoffMs, maxBackoffMs: random.pick([10_000, 30_000]), suspendAfter: random.int(3, 8) },
    terminationPolicies: random.chance(0.5) ? ['Default'] : [random.pick(TERMINATION_POLICIES), 'Default'],
    orphanGracePeriodMs: 300_000,
    metrics: [],
    scalingPolicies: [],
    scheduledActions: [],
  };
}
