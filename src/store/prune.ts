import type { Kysely } from 'kysely';
import type { History } from '../model/fleet.ts';
import { pruneFleetVersions } from './fleet-versions.ts';
import { pruneMetrics } from './metric-samples.ts';
import type { Tables } from './schema.ts';

/** What one transaction deletes at most, so that a commit never waits long behind it. */
const PRUNE_BATCH_ROWS = 5_000;

export async function prune(db: Kysely<Tables>, keep: History): Promise<void> {
  await pruneHistory(db, 'activities', keep.activityRows);
  await pruneHistory(db, 'traffic_samples', keep.sampleRows);
  await pruneHistory(db, 'health_samples', keep.sampleRows);
  await pruneMetrics(db, keep.sampleRows);
  await pruneTerminated(db, keep.terminatedInstanceRows);
  await pruneFleetVersions(db);
}

/** Sequence numbers count the rows, so the oldest row to keep is known without counting. */
async function pruneHistory(
  db: Kysely<Tables>,
  table: 'activities' | 'traffic_samples' | 'health_samples',
  keepRows: number,
): Promise<void> {
  const { oldest, newest } = await db
    .selectFrom(table)
    .select(({ fn }) => [fn.min('sequence').as('oldest'), fn.max('sequence').as('newest')])
    .executeTakeFirstOrThrow();
  const last = Number(newest) - keepRows;
  for (let first = Number(oldest); first <= last; first += PRUNE_BATCH_ROWS) {
    const end = Math.min(first + PRUNE_BATCH_ROWS - 1, last);
    await db.deleteFrom(table).where('sequence', '<=', end).execute();
  }
}

/** Those that ended first go first. */
async function pruneTerminated(db: Kysely<Tables>, keepRows: number): Promise<void> {
  const { terminated } = await db
    .selectFrom('instances')
    .select(({ fn }) => fn.countAll().as('terminated'))
    .where('state', '=', 'terminated')
    .executeTakeFirstOrThrow();
  for (let excess = Number(terminated) - keepRows; excess > 0; excess -= PRUNE_BATCH_ROWS) {
    const oldest = db
      .selectFrom('instances')
      .select('sequence')
      .where('state', '=', 'terminated')
      .orderBy('since')
      .orderBy('sequence')
      .limit(Math.min(excess, PRUNE_BATCH_ROWS));
    await db.deleteFrom('instances').where('sequence', 'in', oldest).execute();
  }
}
