import { type Kysely, sql } from 'kysely';
import type { EpochMs } from '../model/time.ts';
import type { HealthSample, Samples, TrafficAverage, TrafficSample } from '../ports/store.ts';
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

/** Load balancers that share a target group add up; the time between two samples is what rates are taken over. */
export async function trafficHistory(
  db: Kysely<Tables>,
  targetGroup: string,
  sinceMs: EpochMs,
  bucketMs: number,
): Promise<readonly TrafficAverage[]> {
  const rows = await db
    .selectFrom('traffic_samples')
    .select([
      sql<number>`at - at % ${bucketMs}`.as('bucket'),
      sql<number>`sum(requests) * 1000.0 / max(sum(interval_ms), 1)`.as('requestsPerSecond'),
      sql<number>`sum(errors_5xx) * 1000.0 / max(sum(interval_ms), 1)`.as('errors5xxPerSecond'),
      sql<number>`avg(open_requests)`.as('openRequests'),
      sql<number>`avg(queued_requests)`.as('queuedRequests'),
      sql<number>`avg(response_time_ms)`.as('responseTimeMs'),
      sql<number>`avg(healthy_targets)`.as('healthyTargets'),
      sql<number>`avg(total_targets)`.as('totalTargets'),
    ])
    .where('target_group', '=', targetGroup)
    .where('at', '>=', sinceMs)
    .groupBy('bucket')
    .orderBy('bucket')
    .execute();
  return rows.map(({ bucket, ...averages }) => ({ at: bucket, ...averages }));
}
