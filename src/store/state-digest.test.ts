import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aChange, anInstance, MEMORY } from '../../test/conformance/store-examples.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import { openSqliteStore } from './sqlite.ts';
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts';

let database: DatabaseSync;
beforeEach(() => {
  database = new DatabaseSync(':memory:');
});
afterEach(() => database.close());

const totals = () =>
  new Map(
    database
      .prepare('select group_name, total from state_digest')
      .all()
      .map(({ group_name, total }) => [group_name, total]),
  );

describe('the digest of the state', () => {
  it('is a row for each group, which a change of another group does not touch', async () => {
    const store = await openSqliteStore({ database });
    await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances: [anInstance('i-1')] }));
    const web = totals().get('web');
    await store.commit(
      aChange({ memory: { group: 'api', value: MEMORY }, instances: [anInstance('i-2', { group: 'api' })] }),
    );
    expect(totals().get('web')).toBe(web);
    expect([...totals().keys()]).toEqual(['api', 'web']);
    expect((await store.load()).instances).toHaveLength(2);
  });

  it.each([
    ['a group that has lost a row', "delete from instances where id = 'i-2'"],
    ['a group that has lost all of them', 'delete from instances; delete from groups'],
    ['sums that are lost', 'delete from state_digest'],
    ['one that has moved to another group', "update state_digest set group_name = 'api'"],
  ])('refuses %s', async (_, damage) => {
    const store = await openSqliteStore({ database });
    const instances = ['i-1', 'i-2'].map((id) => anInstance(id));
    await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances }));
    // Damage comes without the triggers.
    const triggers = database.prepare("select name from sqlite_schema where type = 'trigger'").all();
    for (const { name } of triggers) database.exec(`drop trigger ${String(name)}`);
    database.exec(damage);
    await expect(store.load()).rejects.toMatchObject({ code: 'storeDamaged' });
  });

  describe('of a database from before there was one for each group', () => {
    beforeEach(async () => {
      database.exec(`pragma application_id = ${0x44524f56}`);
      const db = new Kysely({ dialect: new NodeSqliteDialect(database, { closeDatabase: false }) });
      const earlier = Object.fromEntries(Object.entries(SQLITE_MIGRATIONS).filter(([name]) => name < '0008'));
      await new Migrator({ db, provider: { getMigrations: async () => earlier } }).migrateToLatest();
      database.exec("insert into groups (name, memory, digest) values ('web', '{}', 5), ('api', '{}', 7)");
      const record = (state: string) => `{"group":"web","state":{"name":"${state}"}}`;
      database.exec(`insert into instances (id, record, digest) values ('i-1', '${record('inService')}', 11)`);
      database.exec(`insert into instances (id, record, digest) values ('i-2', '${record('terminated')}', 13)`);
    });

    it('is added up by group', async () => {
      await openSqliteStore({ database });
      expect(Object.fromEntries(totals())).toEqual({ api: 7, web: 16 });
      database.exec("delete from instances where id = 'i-1'");
      expect(Object.fromEntries(totals())).toEqual({ api: 7, web: 5 });
    });

    it('is not added up where the sum of all was another one', async () => {
      database.exec('update state_digest set total = 6');
      await expect(openSqliteStore({ database })).rejects.toMatchObject({ code: 'storeDamaged' });
    });
  });

  it('takes what a person has mended, also into another group', async () => {
    const store = await openSqliteStore({ database });
    await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances: [anInstance('i-1')] }));
    database.exec("update instances set record = json_set(record, '$.group', 'api'), digest = null");
    expect((await store.load()).instances).toMatchObject([{ id: 'i-1', group: 'api' }]);
  });
});
