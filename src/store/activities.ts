import type { Kysely, Selectable } from 'kysely';
import type { Activity, ActivityLevel, Capacity, StoredActivity } from '../model/activity.ts';
import type { JsonObject } from '../model/json.ts';
import type { EpochMs } from '../model/time.ts';
import type { ActivityQuery, CapacitySample } from '../ports/store.ts';
import { batches, MOST_ROWS_PER_STATEMENT } from './batches.ts';
import { KeptInsert } from './kept-insert.ts';
import { checkRecord, parseJson, RECORDS } from './records.ts';
import type { Tables } from './schema.ts';

/** From the least to the most severe. */
const LEVELS: readonly ActivityLevel[] = ['info', 'warning', 'error'];

const ACTIVITY_INSERT = new KeptInsert<ReturnType<typeof asRow>>((db, rows) =>
  db.insertInto('activities').values(rows),
);

export async function insertActivities(
  db: Kysely<Tables>,
  activities: readonly Activity[],
  pause: () => Promise<void>,
): Promise<void> {
  for (const batch of batches(activities)) {
    await ACTIVITY_INSERT.execute(db, batch.map(asRow));
    if (batch.length === MOST_ROWS_PER_STATEMENT) await pause();
  }
}

export async function readActivities(db: Kysely<Tables>, query: ActivityQuery): Promise<readonly StoredActivity[]> {
  const { group, groups, instanceId, level, reasons, afterSequence, beforeSequence, limit } = query;
  let select = db.selectFrom('activities').selectAll().limit(limit);
  if (group !== undefined) select = select.where('group_name', '=', group);
  if (groups !== undefined) select = select.where('group_name', 'in', [...groups]);
  if (instanceId !== undefined) select = select.where('instance_id', '=', instanceId);
  if (level !== undefined) select = select.where('level', 'in', LEVELS.slice(LEVELS.indexOf(level)));
  if (reasons !== undefined) select = select.where('reason', 'in', [...reasons]);
  if (beforeSequence !== undefined) select = select.where('sequence', '<', beforeSequence);
  if (afterSequence !== undefined) {
    const rows = await select.where('sequence', '>', afterSequence).orderBy('sequence').execute();
    return rows.map(asActivity);
  }
  const rows = await select.orderBy('sequence', 'desc').execute();
  return rows.reverse().map(asActivity);
}

/** What one answer has at most. */
const MAX_CAPACITIES = 10_000;

export async function capacityHistory(
  db: Kysely<Tables>,
  group: string,
  sinceMs: EpochMs,
): Promise<readonly CapacitySample[]> {
  const rows = await db
    .selectFrom('activities')
    .selectAll()
    .where('group_name', '=', group)
    .where('at', '>=', sinceMs)
    .where('after', 'is not', null)
    .orderBy('sequence', 'desc')
    .limit(MAX_CAPACITIES)
    .execute();
  return rows.reverse().flatMap((row) => {
    const { at, after } = asActivity(row);
    return after === null ? [] : [{ at, ...after }];
  });
}

function asRow(activity: Activity) {
  return {
    at: activity.at,
    level: activity.level,
    group_name: activity.group,
    instance_id: activity.instanceId,
    reason: activity.reason,
    message: activity.message,
    capped_by: activity.cappedBy,
    before: jsonText(activity.before),
    after: jsonText(activity.after),
    explanation: jsonText(activity.explanation),
  };
}

function jsonText(value: Capacity | JsonObject | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function asActivity(row: Selectable<Tables['activities']>): StoredActivity {
  const place = { table: 'activities', key: row.sequence };
  const parsed = (text: string | null) => (text === null ? null : parseJson(place, text));
  return checkRecord(RECORDS.activity, place, {
    sequence: row.sequence,
    at: row.at,
    level: row.level,
    group: row.group_name,
    instanceId: row.instance_id,
    reason: row.reason,
    message: row.message,
    cappedBy: row.capped_by,
    before: parsed(row.before),
    after: parsed(row.after),
    explanation: parsed(row.explanation),
  });
}
