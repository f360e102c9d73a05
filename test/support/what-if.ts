import { type AutoScalingGroup, DEFAULT_HISTORY, type Fleet } from '../../src/model/fleet.ts';
import type { LoadPoint } from '../../src/views/what-if.ts';
import { sampleLoadBalancer } from '../haproxy-samples.ts';
import { MINUTE, MONDAY_8, metric } from './policies.ts';
import { GROUP, TARGET_GROUP } from './snapshot.ts';

/** A fleet of one group behind a load balancer, with the metrics `requests` and `cpu`. */
export function fleetWith(group: Partial<AutoScalingGroup>): Fleet {
  return {
    name: 'shop',
    providers: [],
    loadBalancers: [
      {
        ...sampleLoadBalancer,
        name: 'front',
        listeners: [{ address: '127.0.0.1', port: 5_000, targetGroup: 'web', trustedProxies: [] }],
      },
    ],
    targetGroups: [TARGET_GROUP],
    autoScalingGroups: [
      { ...GROUP, minSize: 1, desiredCapacity: null, metrics: [metric('requests'), metric('cpu')], ...group },
    ],
    notifications: [],
    history: DEFAULT_HISTORY,
  };
}

/** One load a minute. */
export function minutes(loads: readonly (number | null)[], from = MONDAY_8): LoadPoint[] {
  return loads.map((value, index) => ({ at: from + index * MINUTE, value }));
}
