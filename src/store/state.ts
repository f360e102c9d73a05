import type { Kysely } from 'kysely';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import type { Change, StoredState } from '../ports/store.ts';
import { insertActivities } from './activities.ts';
import { batches } from './batches.ts';
import { decodeRecord, encodeRecord, RECORDS, untrustedRecord } from './records.ts';
import type { Tables } from './schema.ts';

/** What the last commit left. */
export async function load(db: Kysely<Tables>): Promise<StoredState> {
  const groupRows = await db.selectFrom('groups').select(['name', 'memory']).orderBy('name').execute();
  const groups = groupRows.map(({ name, memory }): [string, GroupMemory] => [
    name,
    decodeRecord(RECORDS.groupMemory, { table: 'groups', key: name }, memory),
  ]);
  const instanceRows = await db
    .selectFrom('instances')
    .select(['id', 'record'])
    // Not `<>`: a record without a state is to be complained about, not overlooked.
    .where('state', 'is distinct from', 'terminated')
    .orderBy('sequence')
    .execute();
  return { groups: new Map(groups), instances: instanceRows.map(({ id, record }) => decodeInstance(id, record)) };
}

function decodeInstance(id: string, record: string): Instance {
  const place = { table: 'instances', key: id };
  const instance = decodeRecord(RECORDS.instance, place, record);
  if (instance.id !== id) throw untrustedRecord(place, `it is the record of ${instance.id}`);
  return instance;
}

/** One transaction; touches only the rows that the change names. */
export async function commit(db: Kysely<Tables>, change: Change): Promise<void> {
  const { memory, instances, activities } = change;
  await db.transaction().execute(async (transaction) => {
    if (memory !== null) await putMemory(transaction, memory.group, memory.value);
    for (const batch of batches(instances)) await putInstances(transaction, batch);
    await insertActivities(transaction, activities);
  });
}

async function putMemory(db: Kysely<Tables>, name: string, value: GroupMemory): Promise<void> {
  const memory = encodeRecord(RECORDS.groupMemory, { table: 'groups', key: name }, value);
  await db
    .insertInto('groups')
    .values({ name, memory })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ memory }))
    .execute();
}

async function putInstances(db: Kysely<Tables>, instances: readonly Instance[]): Promise<void> {
  const rows = instances.map((instance) => ({
    id: instance.id,
    record: encodeRecord(RECORDS.instance, { table: 'instances', key: instance.id }, instance),
  }));
  await db
    .insertInto('instances')
    .values(rows)
    .onConflict((conflict) => conflict.column('id').doUpdateSet((row) => ({ record: row.ref('excluded.record') })))
    .execute();
}
