import { type Kysely, sql } from 'kysely';
import type { EpochMs } from '../model/time.ts';
import type { MetricAverage, MetricSample } from '../ports/store.ts';
import { batches } from './batches.ts';
import { KeptInsert } from './kept-insert.ts';
import type { Tables } from './schema.ts';

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long metrics are kept by the minute; after that, by the hour. */
const KEEP_MINUTES_MS = 7 * 24 * HOUR_MS;

type MinuteRow = ReturnType<typeof minuteRow>;

const MINUTE_INSERT = new KeptInsert<MinuteRow>((db, rows) => addUp(db).values(rows));

/** Adds to the averages of the minute. */
export async function recordMetrics(db: Kysely<Tables>, at: EpochMs, samples: readonly MetricSample[]): Promise<void> {
  const rows = samples.map((sample) => minuteRow(at, sample));
  await db.transaction().execute(async (transaction) => {
    for (const batch of batches(rows)) await MINUTE_INSERT.execute(transaction, batch);
  });
}

function minuteRow(at: EpochMs, { group, metric, value }: MetricSample) {
  return { group_name: group, metric, bucket_ms: MINUTE_MS, at: at - (at % MINUTE_MS), sum: value, count: 1 };
}

/** Inserts rows, or adds them to those that are there. */
function addUp(db: Kysely<Tables>) {
  return db.insertInto('metric_samples').onConflict((conflict) =>
    conflict.columns(['group_name', 'metric', 'bucket_ms', 'at']).doUpdateSet((row) => ({
      sum: sql`${row.ref('metric_samples.sum')} + ${row.ref('excluded.sum')}`,
      count: sql`${row.ref('metric_samples.count')} + ${row.ref('excluded.count')}`,
    })),
  );
}

export async function metricHistory(
  db: Kysely<Tables>,
  group: string,
  metric: string,
  sinceMs: EpochMs,
  bucketMs: number,
): Promise<readonly MetricAverage[]> {
  const bucket = sql<number>`at - at % ${bucketMs}`;
  const rows = await db
    .selectFrom('metric_samples')
    .select([bucket.as('bucket'), sql<number>`sum(sum) / sum(count)`.as('value')])
    .where('group_name', '=', group)
    .where('metric', '=', metric)
    .where('at', '>=', sinceMs)
    .groupBy('bucket')
    .orderBy('bucket')
    .execute();
  return rows.map(({ bucket: at, value }) => ({ at: Number(at), value: Number(value) }));
}

/**
 * Minutes that are old, or more than half of the rows that are kept, become hours; hours go, the oldest first, where there are
 * too many rows still.
 */
export async function pruneMetrics(db: Kysely<Tables>, keepRows: number): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const newest = await newestBeyond(transaction, MINUTE_MS, 0);
    if (newest === null) return;
    const tooMany = await newestBeyond(transaction, MINUTE_MS, Math.floor(keepRows / 2));
    const before = Math.max(newest - KEEP_MINUTES_MS, tooMany === null ? 0 : tooMany + HOUR_MS);
    await toHours(transaction, before - (before % HOUR_MS));
  });
  const last = await newestBeyond(db, HOUR_MS, Math.ceil(keepRows / 2));
  if (last !== null)
    await db.deleteFrom('metric_samples').where('bucket_ms', '=', HOUR_MS).where('at', '<=', last).execute();
}

/** The time of the newest row when so many newer ones are left out. */
async function newestBeyond(db: Kysely<Tables>, bucketMs: number, rows: number): Promise<EpochMs | null> {
  const found = await db
    .selectFrom('metric_samples')
    .select('at')
    .where('bucket_ms', '=', bucketMs)
    .orderBy('at', 'desc')
    .offset(rows)
    .limit(1)
    .executeTakeFirst();
  return found === undefined ? null : Number(found.at);
}

async function toHours(db: Kysely<Tables>, before: EpochMs): Promise<void> {
  const minutes = db.selectFrom('metric_samples').where('bucket_ms', '=', MINUTE_MS).where('at', '<', before);
  await addUp(db)
    .columns(['group_name', 'metric', 'bucket_ms', 'at', 'sum', 'count'])
    .expression(
      minutes
        .select((row) => [
          'group_name',
          'metric',
          sql<number>`${sql.lit(HOUR_MS)}`.as('bucket_ms'),
          sql<number>`at - at % ${sql.lit(HOUR_MS)}`.as('hour'),
          row.fn.sum<number>('sum').as('sum'),
          row.fn.sum<number>('count').as('count'),
        ])
        .groupBy(['group_name', 'metric', 'hour']),
    )
    .execute();
  await db.deleteFrom('metric_samples').where('bucket_ms', '=', MINUTE_MS).where('at', '<', before).execute();
}
