import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import type { RecordedMetric, RecordedMetrics } from '../ports/store.ts';
import { MINUTE_MS } from './metric-samples.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import type { Tables } from './schema.ts';
import { asStoreError } from './sqlite-errors.ts';

const BUSY_TIMEOUT_MS = 2_000;

/** @throws PortError `storeNotOpened` where there is none, and those of `openSqliteStore` */
export function openRecordedMetrics(path: string): RecordedMetrics {
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(database, { closeDatabase: true }) });
    return {
      metric: async (group, name) => {
        try {
          return await readMetric(db, group, name);
        } catch (error) {
          throw asStoreError(error, path);
        }
      },
      close: () => db.destroy(),
    };
  } catch (error) {
    throw asStoreError(error, path);
  }
}

async function readMetric(db: Kysely<Tables>, group: string, name: string): Promise<RecordedMetric> {
  const rows = await db
    .selectFrom('metric_samples')
    .select(['bucket_ms', 'at', sql<number>`sum / count`.as('value')])
    .where('group_name', '=', group)
    .where('metric', '=', name)
    .orderBy('at')
    .execute();
  const ofBucket = (isIn: (bucketMs: number) => boolean) =>
    rows.filter((row) => isIn(row.bucket_ms)).map(({ at, value }) => ({ at, value }));
  return { hours: ofBucket((ms) => ms !== MINUTE_MS), minutes: ofBucket((ms) => ms === MINUTE_MS) };
}
