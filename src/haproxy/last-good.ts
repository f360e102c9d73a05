/** The configuration that HAProxy took last, less the members: what is gone back to when it refuses another. */

import { z } from 'zod';
import {
  ALGORITHMS,
  CONNECTION_REUSES,
  HEALTH_CHECK_METHODS,
  type LoadBalancer,
  OUTLIER_ACTIONS,
  type TargetGroup,
} from '../model/fleet.ts';
import type { DesiredState } from '../ports/load-balancer.ts';

export interface Skeleton {
  readonly loadBalancer: LoadBalancer;
  readonly targetGroups: readonly TargetGroup[];
}

const address = z.object({ address: z.string(), port: z.number() });
/** Not there in what an earlier version wrote. */
const port = z.number().nullable().default(null);
const healthCheck = z.object({
  port,
  method: z.enum(HEALTH_CHECK_METHODS),
  host: z.string(),
  path: z.string(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  matcher: z.string(),
  intervalMs: z.number(),
  fastIntervalMs: z.number(),
  downIntervalMs: z.number(),
  timeoutMs: z.number(),
  healthyThreshold: z.number(),
  unhealthyThreshold: z.number(),
});
const skeleton = z.object({
  loadBalancer: z.object({
    name: z.string(),
    listeners: z.array(address.extend({ targetGroup: z.string(), trustedProxies: z.array(z.string()) })),
    statsPage: address.nullable(),
    idleTimeoutMs: z.number(),
    maxHeaderBytes: z.number(),
    maxConnections: z.number(),
    threads: z.number().nullable(),
    user: z.string().nullable(),
    hardStopAfterMs: z.number(),
  }),
  targetGroups: z.array(
    z.object({
      name: z.string(),
      port,
      algorithm: z.enum(ALGORITHMS),
      healthCheck,
      outlierDetection: z.object({
        action: z.enum(OUTLIER_ACTIONS),
        intervalMs: z.number(),
        minRequests: z.number(),
        errorShare: z.number(),
        consecutiveIntervals: z.number(),
      }),
      deregistrationDelayMs: z.number(),
      slowStartMs: z.number(),
      maxConnectionsPerTarget: z.number().nullable(),
      queueTimeoutMs: z.number(),
      connectionReuse: z.enum(CONNECTION_REUSES),
    }),
  ),
});

export function skeletonOf({ loadBalancer, targetGroups }: DesiredState): Skeleton {
  return { loadBalancer, targetGroups };
}

export function serializeSkeleton(value: Skeleton): string {
  return `${JSON.stringify(value)}\n`;
}

/** Null for what is no skeleton of ours. */
export function parseSkeleton(text: string | null): Skeleton | null {
  if (text === null) return null;
  try {
    return skeleton.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const LOAD_BALANCER_PARTS = [
  ['listeners', 'listeners'],
  ['statsPage', 'statistics page'],
  ['idleTimeoutMs', 'idleTimeout'],
  ['maxHeaderBytes', 'maxHeaderSize'],
  ['maxConnections', 'maxConnections'],
  ['threads', 'threads'],
  ['user', 'user'],
  ['hardStopAfterMs', 'hardStopAfter'],
] as const;

/** What has changed, for people. */
export function describeChange(before: Skeleton | null, after: Skeleton): string {
  if (before === null) return 'the configuration is not the one that HAProxy ran with';
  const groups = new Map(before.targetGroups.map((group) => [group.name, group]));
  const names = new Set(after.targetGroups.map(({ name }) => name));
  const changes = [
    ...LOAD_BALANCER_PARTS.flatMap(([key, inWords]) =>
      differ(before.loadBalancer[key], after.loadBalancer[key]) ? [`${inWords} changed`] : [],
    ),
    ...after.targetGroups.flatMap((group) => {
      const known = groups.get(group.name);
      if (known === undefined) return [`target group ${group.name} added`];
      return differ(known, group) ? [`target group ${group.name} changed`] : [];
    }),
    ...before.targetGroups.filter(({ name }) => !names.has(name)).map(({ name }) => `target group ${name} removed`),
  ];
  return changes.length > 0 ? changes.join(', ') : 'the configuration is written differently';
}

export function sameSkeleton(a: Skeleton, b: Skeleton): boolean {
  return !differ(a, b);
}

/** Both come from the same code, with their keys in the same order. */
function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
