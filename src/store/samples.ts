import type { Kysely } from 'kysely';
import type { EpochMs } from '../model/time.ts';
import type { HealthSample, Samples, TrafficSample } from '../ports/store.ts';
import { batches, MOST_ROWS_PER_STATEMENT } from './batches.ts';
import { KeptInsert } from './kept-insert.ts';
import type { Tables } from './schema.ts';

type TrafficRow = ReturnType<typeof trafficRow>;
type HealthRow = ReturnType<typeof healthRow>;

const TRAFFIC_INSERT = new KeptInsert<TrafficRow>((db, rows) => db.insertInto('traffic_samples').values(rows));
const HEALTH_INSERT = new KeptInsert<HealthRow>((db, rows) => db.insertInto('health_samples').values(rows));

/** One transaction: all samples of one moment, or none. `pause` lets others have their turn between two pieces of it. */
export async function recordSamples(
  db: Kysely<Tables>,
  { at, traffic, health }: Samples,
  pause: () => Promise<void>,
): Promise<void> {
  if (traffic.length === 0 && health.length === 0) return;
  const trafficRows = traffic.map((sample) => trafficRow(at, sample));
  const healthRows = health.map((sample) => healthRow(at, sample));
  await db.transaction().execute(async (transaction) => {
    for (const batch of batches(trafficRows)) await TRAFFIC_INSERT.execute(transaction, batch);
    for (const batch of batches(healthRows)) {
      await HEALTH_INSERT.execute(transaction, batch);
      if (batch.length === MOST_ROWS_PER_STATEMENT) await pause();
    }
  });
}

function trafficRow(at: EpochMs, sample: TrafficSample) {
  return {
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
  };
}

function healthRow(at: EpochMs, sample: HealthSample) {
  return {
    at,
    target_group: sample.targetGroup,
    instance_id: sample.instanceId,
    health: sample.health,
    detail: sample.detail,
  };
}
