/** A target group, a state, a member and a report to begin with, for tests of the HAProxy driver's parts. */

import type { Report, ServerReport } from '../src/haproxy/report.ts';
import type { LoadBalancer, TargetGroup } from '../src/model/fleet.ts';
import type { Member } from '../src/model/member.ts';
import { NO_TRAFFIC } from '../src/model/observation.ts';
import type { DesiredState } from '../src/ports/load-balancer.ts';

export const sampleGroup: TargetGroup = {
  name: 'hello',
  port: null,
  algorithm: 'roundRobin',
  healthCheck: {
    port: null,
    method: 'GET',
    host: 'localhost',
    path: '/health',
    headers: [],
    matcher: '200',
    intervalMs: 2_000,
    fastIntervalMs: 200,
    downIntervalMs: 300,
    timeoutMs: 1_000,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
  },
  deregistrationDelayMs: 300_000,
  outlierDetection: { action: 'report', intervalMs: 10_000, minRequests: 20, errorShare: 0.5, consecutiveIntervals: 3 },
  slowStartMs: 0,
  maxConnectionsPerTarget: null,
  queueTimeoutMs: 30_000,
  connectionReuse: 'safe',
};

/** Without listeners. */
export const sampleLoadBalancer: LoadBalancer = {
  name: 'web',
  listeners: [],
  statsPage: null,
  idleTimeoutMs: 300_000,
  maxHeaderBytes: 20_480,
  maxConnections: 50_000,
  threads: null,
  user: null,
  hardStopAfterMs: 86_400_000,
};

export function sampleState(members: readonly Member[], group: TargetGroup = sampleGroup): DesiredState {
  const listeners = [{ address: '127.0.0.1', port: 5000, targetGroup: group.name, trustedProxies: [] }];
  return { loadBalancer: { ...sampleLoadBalancer, listeners }, targetGroups: [group], members };
}

export function sampleMember(instanceId: string, change: Partial<Member> = {}): Member {
  const endpoint = { address: '127.0.0.1', port: 9001 };
  return {
    targetGroup: 'hello',
    instanceId,
    endpoint,
    checkPort: null,
    weight: 100,
    state: 'ready',
    proven: false,
    ...change,
  };
}

/** What HAProxy says when it has these servers: healthy and without traffic, but for what is told of each. */
export function sampleReport(...servers: readonly Partial<ServerReport>[]): Report {
  const whole = servers.map(
    (server): ServerReport => ({
      backend: 'hello',
      name: 'i-1',
      id: 1,
      address: '127.0.0.1',
      port: 9001,
      checkPort: 0,
      weight: 100,
      admin: 'ready',
      checked: true,
      status: 'UP',
      check: { status: 'L7OK', code: '200', detail: '' },
      traffic: NO_TRAFFIC,
      ...server,
    }),
  );
  return {
    pid: 1,
    version: '2.6.12',
    stopping: false,
    fingerprint: '',
    maxConnections: 50_000,
    frontends: [],
    backends: new Map([['hello', NO_TRAFFIC]]),
    servers: new Map(whole.map((server) => [`${server.backend}/${server.name}`, server])),
  };
}
