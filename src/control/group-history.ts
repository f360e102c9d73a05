import type { AutoScalingGroup } from '../model/fleet.ts';
import type { Store } from '../ports/store.ts';
import type { GroupHistory, HistoryQuery } from './service.ts';

/** What was recorded of a group, its metrics and the traffic of its target groups. */
export async function groupHistory(
  store: Pick<Store, 'capacityHistory' | 'metricHistory' | 'trafficHistory'>,
  { name, metrics, targetGroups }: AutoScalingGroup,
  { since, bucketMs }: HistoryQuery,
): Promise<GroupHistory> {
  const byName = async <Value>(names: readonly string[], read: (one: string) => Promise<Value>) =>
    Object.fromEntries(await Promise.all(names.map(async (one) => [one, await read(one)] as const)));
  return {
    capacity: await store.capacityHistory(name, since),
    metrics: await byName(
      metrics.map((metric) => metric.name),
      (metric) => store.metricHistory(name, metric, since, bucketMs),
    ),
    traffic: await byName(targetGroups, (targetGroup) => store.trafficHistory(targetGroup, since, bucketMs)),
  };
}
