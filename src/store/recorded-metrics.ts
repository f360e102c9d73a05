import { DatabaseSync } from 'node:sqlite';
import type { EpochMs } from '../model/time.ts';
import { asStoreError } from './sqlite-errors.ts';

const MINUTE_MS = 60_000;
const BUSY_TIMEOUT_MS = 2_000;

export interface RecordedMetric {
  /** By the hour, what is older than the minutes. Times are the beginnings. */
  readonly hours: readonly RecordedValue[];
  readonly minutes: readonly RecordedValue[];
}

interface RecordedValue {
  readonly at: EpochMs;
  readonly value: number;
}

/**
 * What a store knows of a metric, read without changing anything, also while a controller writes to it.
 * @throws PortError `storeNotOpened` where there is none, and those of `openSqliteStore`
 */
export function readRecordedMetric(path: string, group: string, metric: string): RecordedMetric {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    const rows = database
      .prepare(
        'select bucket_ms, at, sum / count as value from metric_samples where group_name = ? and metric = ? order by at',
      )
      .all(group, metric);
    const minutes: RecordedValue[] = [];
    const hours: RecordedValue[] = [];
    for (const row of rows) {
      const recorded = { at: Number(row.at), value: Number(row.value) };
      (row.bucket_ms === MINUTE_MS ? minutes : hours).push(recorded);
    }
    return { hours, minutes };
  } catch (error) {
    throw asStoreError(error, path);
  } finally {
    database?.close();
  }
}
