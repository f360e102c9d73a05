import type { FleetStatus, FleetSummary, LoadBalancerStatus } from '../../src/views/status.ts';

export function fakeLoadBalancer(healthy: number, total: number): LoadBalancerStatus {
  return {
    name: 'front',
    state: 'running',
    version: '2.6.12',
    detail: '',
    listeners: [{ url: 'http://127.0.0.1:5000', targetGroup: 'hello' }],
    statsUrl: 'http://127.0.0.1:8404',
    targetGroups: [
      {
        name: 'hello',
        loadBalancer: 'front',
        algorithm: 'roundRobin',
        healthy,
        total,
        requestsPerSecond: healthy * 14.2,
        errors5xxPerSecond: 0,
        retried: 0,
        openRequests: healthy * 2,
        queuedRequests: 0,
      },
    ],
  };
}

export function withoutParts({ loadBalancers: _, groups: __, ...fleet }: FleetStatus): FleetSummary {
  return fleet;
}
