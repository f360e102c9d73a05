import type { Kysely } from 'kysely';
import type { Samples } from '../ports/store.ts';
import { batches, MOST_ROWS_PER_STATEMENT } from './batches.ts';
import type { Tables } from './schema.ts';

/** One transaction: all samples of one look, or none. `pause` lets others have their turn between two pieces of it. */
export async function recordSamples(
  db: Kysely<Tables>,
  { at, traffic, health }: Samples,
  pause: () => Promise<void>,
): Promise<void> {
  if (traffic.length === 0 && health.length === 0) return;
  const trafficRows = traffic.map((sample) => ({
    at,
    load_balancer: sample.loadBalancer,
    target_group: sample.targetGroup,
    interval_ms: sample.intervalMs,
    requests: sample.requests,
    errors_5xx: sample.errors5xx,
    open_requests: sample.openRequests,
    queued_requests: sample.queuedRequests,
    response_time_ms: sample.responseTimeMs,
    healthy_targets: sample.healthyTargets,
    total_targets: sample.totalTargets,
  }));
  const healthRows = health.map((sample) => ({
    at,
    target_group: sample.targetGroup,
    instance_id: sample.instanceId,
    health: sample.health,
    detail: sample.detail,
  }));
  await db.transaction().execute(async (transaction) => {
    for (const batch of batches(trafficRows)) await transaction.insertInto('traffic_samples').values(batch).execute();
    for (const batch of batches(healthRows)) {
      await transaction.insertInto('health_samples').values(batch).execute();
      if (batch.length === MOST_ROWS_PER_STATEMENT) await pause();
    }
  });
}
