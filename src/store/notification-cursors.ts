import type { Kysely } from 'kysely';
import type { NotificationCursor } from '../model/notification.ts';
import { decodeRecord, encodeRecord, RECORDS } from './records.ts';
import type { Tables } from './schema.ts';

const TABLE = 'notification_cursors';

export async function readNotificationCursors(db: Kysely<Tables>): Promise<readonly NotificationCursor[]> {
  const rows = await db.selectFrom(TABLE).select(['name', 'record']).orderBy('name').execute();
  return rows.map(({ name, record }) => ({
    name,
    ...decodeRecord(RECORDS.notificationCursor, { table: TABLE, key: name }, record),
  }));
}

export async function putNotificationCursors(
  db: Kysely<Tables>,
  cursors: readonly NotificationCursor[],
): Promise<void> {
  for (const { name, ...cursor } of cursors) {
    const record = encodeRecord(RECORDS.notificationCursor, { table: TABLE, key: name }, cursor);
    await db
      .insertInto(TABLE)
      .values({ name, record })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ record }))
      .execute();
  }
}

export async function deleteNotificationCursors(db: Kysely<Tables>, names: readonly string[]): Promise<void> {
  if (names.length > 0) await db.deleteFrom(TABLE).where('name', 'in', names).execute();
}
