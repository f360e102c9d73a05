import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { expect, it, onTestFinished } from 'vitest';
import { anInstance } from '../../test/conformance/store-examples.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import { openSqliteStore } from './sqlite.ts';
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts';

it('a store of before machines had addresses keeps where each server is reached', async () => {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  const rows = (sql: string) => database.prepare(sql).all();
  database.exec('pragma application_id = 0x44524f56');
  const db = new Kysely({ dialect: new NodeSqliteDialect(database, { closeDatabase: false }) });
  const migrations = Object.entries(SQLITE_MIGRATIONS).filter(([name]) => name < '0009');
  const migrator = new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(migrations) } });
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  const record = anInstance('i-1', { machine: null });
  const endpoint = { address: '127.0.0.1', port: 8_001 };
  const old = [
    { ...record, machine: { id: 'm-1', endpoint, seenAt: 1_500 } },
    { ...record, id: 'i-2', machine: { id: 'm-2', endpoint: null, seenAt: 1_500 } },
    {
      ...record,
      id: 'i-3',
      machine: null,
      health: { status: 'unhealthy', since: 1, source: 'loadBalancer', detail: 'x' },
    },
  ];
  for (const one of old)
    database.prepare('insert into instances (id, record) values (?, ?)').run(one.id, JSON.stringify(one));
  const { instances } = await (await openSqliteStore({ database })).load();
  expect(instances).toEqual([
    {
      ...record,
      machine: { id: 'm-1', addresses: ['127.0.0.1'], ports: [{ port: 8_001, hostPort: 8_001 }], seenAt: 1_500 },
    },
    { ...record, id: 'i-2', machine: { id: 'm-2', addresses: [], ports: [], seenAt: 1_500 } },
    { ...record, id: 'i-3', health: { status: 'unhealthy', since: 1, detail: 'x' } },
  ]);
  expect(rows('select address, port from instances')).toEqual([
    { address: '127.0.0.1', port: 8_001 },
    { address: null, port: null },
    { address: null, port: null },
  ]);
  expect(rows('select endpoint from readable_instances')[0]).toEqual({ endpoint: '127.0.0.1:8001' });
});
