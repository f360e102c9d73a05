import type { Fleet } from '../../../src/model/fleet.ts';
import type { Store } from '../../../src/ports/store.ts';
import { LOAD_OF_A_SERVER } from './measures.ts';
import type { Random } from './random.ts';
import { WORLD_BEGINS } from './virtual-clock.ts';

const HOUR_MS = 3_600_000;
/** More than a forecast needs. */
const PAST_HOURS = 48;
const BUSIEST_HOUR_SERVERS = 6;

/** What was recorded of the loads that groups foresee, by the hour, before the world began: a day and the next one like it. */
export async function recordPast(store: Store, fleet: Fleet, random: Random): Promise<void> {
  for (const { name: group, scalingPolicies } of fleet.autoScalingGroups) {
    const policy = scalingPolicies.find(({ type }) => type === 'predictive');
    if (policy === undefined) continue;
    const busiest = random.int(0, 23);
    for (let hour = -PAST_HOURS; hour < 0; hour += 1) {
      const share = (1 + Math.cos((2 * Math.PI * (hour - busiest)) / 24)) / 2;
      const value = BUSIEST_HOUR_SERVERS * LOAD_OF_A_SERVER * share;
      await store.recordMetrics(WORLD_BEGINS + hour * HOUR_MS, [{ group, metric: policy.metric, value }]);
    }
  }
}
