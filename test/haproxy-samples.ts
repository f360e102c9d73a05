/** A target group, a state and a member to begin with, for tests of the HAProxy driver's parts. */

import type { TargetGroup } from '../src/model/fleet.ts';
import type { DesiredState, Member } from '../src/ports/load-balancer.ts';

export const sampleGroup: TargetGroup = {
  name: 'hello',
  algorithm: 'roundRobin',
  healthCheck: {
    path: '/health',
    matcher: '200',
    intervalMs: 2_000,
    fastIntervalMs: 200,
    downIntervalMs: 300,
    timeoutMs: 1_000,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
  },
  deregistrationDelayMs: 300_000,
  slowStartMs: 0,
};

export function sampleState(members: readonly Member[], group: TargetGroup = sampleGroup): DesiredState {
  const listeners = [{ address: '127.0.0.1', port: 5000, targetGroup: group.name }];
  return { loadBalancer: { name: 'web', listeners, statsPage: null }, targetGroups: [group], members };
}

export function sampleMember(instanceId: string, change: Partial<Member> = {}): Member {
  const endpoint = { address: '127.0.0.1', port: 9001 };
  return { targetGroup: 'hello', instanceId, endpoint, weight: 100, state: 'ready', proven: false, ...change };
}
