import type { Counter, Gauge, Histogram } from 'prom-client';

/** Labels that Prometheus adds to those of a histogram. */
const OF_BUCKETS = ['le'];

/**
 * Removes the series whose labels name what is not there any more: prom-client keeps them for ever, and Prometheus would go on seeing a group that
 * was removed weeks ago.
 */
export async function forgetSeries(
  metrics: readonly (Counter | Gauge | Histogram)[],
  present: Readonly<Record<string, ReadonlySet<string>>>,
): Promise<void> {
  for (const metric of metrics) {
    for (const { labels } of (await metric.get()).values) {
      const own = Object.entries(labels).filter(([name]) => !OF_BUCKETS.includes(name));
      const isGone = own.some(([name, value]) => present[name]?.has(String(value)) === false);
      if (isGone) metric.remove(Object.fromEntries(own));
    }
  }
}
