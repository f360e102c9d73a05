import type { Kysely, Selectable } from 'kysely';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import { PortError } from '../ports/errors.ts';
import type { Change, StoredState } from '../ports/store.ts';
import { insertActivities } from './activities.ts';
import { batches, MOST_ROWS_PER_STATEMENT } from './batches.ts';
import { digestOf, digestSum } from './digests.ts';
import { putFleetVersion } from './fleet-versions.ts';
import { KeptInsert } from './kept-insert.ts';
import { holdLease } from './leases.ts';
import { deleteNotificationCursors, putNotificationCursors } from './notification-cursors.ts';
import { decodeRecord, encodeRecord, RECORDS, type RecordPlace, untrustedRecord } from './records.ts';
import type { Tables } from './schema.ts';

/** What the last commit left. @throws PortError `storeRecordUntrusted`, `storeDamaged` */
export async function load(db: Kysely<Tables>): Promise<StoredState> {
  const { groups, instances, totals } = await db.transaction().execute(readRows);
  const state = {
    groups: new Map(groups.map((row) => [row.name, decodeMemory(row)])),
    instances: instances.map(decodeInstance),
  };
  if (areOfOneState([...groups.map(({ name, digest }) => ({ group_name: name, digest })), ...instances], totals))
    return state;
  throw new PortError(
    'Invalid',
    'storeDamaged',
    'the database is damaged: its rows are not all of one state; stop Drover and restore it as docs/store.md says',
  );
}

async function readRows(db: Kysely<Tables>) {
  const groups = await db.selectFrom('groups').select(['name', 'memory', 'digest']).orderBy('name').execute();
  const instances = await db
    .selectFrom('instances')
    .select(['id', 'record', 'digest', 'group_name'])
    // Not `<>`: a record without a state is to be complained about, not overlooked.
    .where('state', 'is distinct from', 'terminated')
    .orderBy('sequence')
    .execute();
  const totals = await db.selectFrom('state_digest').selectAll().execute();
  return { groups, instances, totals };
}

/** Whether for each group the digests of its rows add up to what the database has counted. */
function areOfOneState(
  rows: readonly { readonly group_name: string | null; readonly digest: number | null }[],
  totals: readonly Selectable<Tables['state_digest']>[],
): boolean {
  const counted = new Map(totals.map(({ group_name, total }) => [group_name, total]));
  const found = Map.groupBy(rows, ({ group_name }) => group_name ?? '');
  return [...new Set([...counted.keys(), ...found.keys()])].every(
    (name) => digestSum((found.get(name) ?? []).map(({ digest }) => digest)) === (counted.get(name) ?? 0),
  );
}

function decodeMemory({ name, memory, digest }: Selectable<Tables['groups']>): GroupMemory {
  const place = { table: 'groups', key: name };
  const value = decodeRecord(RECORDS.groupMemory, place, memory);
  checkDigest(place, name, memory, digest);
  return value;
}

function decodeInstance({
  id,
  record,
  digest,
}: Pick<Selectable<Tables['instances']>, 'id' | 'record' | 'digest'>): Instance {
  const place = { table: 'instances', key: id };
  const instance = decodeRecord(RECORDS.instance, place, record);
  if (instance.id !== id) throw untrustedRecord(place, `it is the record of ${instance.id}`);
  checkDigest(place, id, record, digest);
  return instance;
}

function checkDigest(place: RecordPlace, key: string, record: string, digest: number | null): void {
  if (digest === null || digest === digestOf(key, record)) return;
  throw untrustedRecord(place, 'its content is not what its digest says');
}

/** One transaction; touches only the rows that the change names. `pause` lets others have their turn between two pieces of it. */
export async function commit(db: Kysely<Tables>, change: Change, pause: () => Promise<void>): Promise<void> {
  const { memory, instances, activities, fleetVersion, leaseEpoch } = change;
  const { notificationCursors = [], endedNotifications = [] } = change;
  await db.transaction().execute(async (transaction) => {
    if (leaseEpoch !== undefined) await holdLease(transaction, groupsOf(change), leaseEpoch);
    if (memory !== null) await putMemory(transaction, memory.group, memory.value);
    for (const batch of batches(instances)) {
      await putInstances(transaction, batch);
      if (batch.length === MOST_ROWS_PER_STATEMENT) await pause();
    }
    await insertActivities(transaction, activities, pause);
    if (fleetVersion !== undefined) await putFleetVersion(transaction, fleetVersion);
    await putNotificationCursors(transaction, notificationCursors);
    await deleteNotificationCursors(transaction, endedNotifications);
  });
}

function groupsOf({ memory, instances }: Change): ReadonlySet<string> {
  return new Set([...(memory === null ? [] : [memory.group]), ...instances.map(({ group }) => group)]);
}

interface MemoryRow {
  readonly name: string;
  readonly memory: string;
  readonly digest: number;
}

const MEMORY_INSERT = new KeptInsert<MemoryRow>((db, rows) =>
  db
    .insertInto('groups')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((row) => ({ memory: row.ref('excluded.memory'), digest: row.ref('excluded.digest') })),
    ),
);

async function putMemory(db: Kysely<Tables>, name: string, value: GroupMemory): Promise<void> {
  const memory = encodeRecord(RECORDS.groupMemory, { table: 'groups', key: name }, value);
  await MEMORY_INSERT.execute(db, [{ name, memory, digest: digestOf(name, memory) }]);
}

interface InstanceRow {
  readonly id: string;
  readonly record: string;
  readonly digest: number;
}

const INSTANCE_INSERT = new KeptInsert<InstanceRow>((db, rows) =>
  db
    .insertInto('instances')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((row) => ({ record: row.ref('excluded.record'), digest: row.ref('excluded.digest') })),
    ),
);

async function putInstances(db: Kysely<Tables>, instances: readonly Instance[]): Promise<void> {
  const rows = instances.map((instance) => {
    const { id } = instance;
    const record = encodeRecord(RECORDS.instance, { table: 'instances', key: id }, instance);
    return { id, record, digest: digestOf(id, record) };
  });
  await INSTANCE_INSERT.execute(db, rows);
}
