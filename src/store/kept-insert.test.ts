import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { KeptInsert } from './kept-insert.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import type { Tables } from './schema.ts';
import { openSqliteStore } from './sqlite.ts';

/** A database with Drover's tables. */
async function opened(): Promise<Kysely<Tables>> {
  const database = new DatabaseSync(':memory:');
  onTestFinished(() => database.close());
  await openSqliteStore({ database });
  return new Kysely<Tables>({ dialect: new NodeSqliteDialect(database, { closeDatabase: false }) });
}

const rows = (...names: string[]) => names.map((name) => ({ name, memory: `of ${name}`, digest: name.length }));

it('builds a statement once for each number of rows, and each time inserts what it is given', async () => {
  let built = 0;
  const insert = new KeptInsert<ReturnType<typeof rows>[number]>((db, some) => {
    built += 1;
    return db.insertInto('groups').values(some);
  });
  const db = await opened();
  await insert.execute(db, rows('a', 'bb'));
  await insert.execute(db, rows('ccc', 'dddd'));
  await insert.execute(db, rows('eeeee'));
  const other = await opened();
  await insert.execute(other, rows('x'));
  expect(built).toBe(2);
  expect(await db.selectFrom('groups').selectAll().execute()).toEqual(rows('a', 'bb', 'ccc', 'dddd', 'eeeee'));
  expect(await other.selectFrom('groups').selectAll().execute()).toEqual(rows('x'));
});

it('refuses a statement that has other parameters than the values of its rows', async () => {
  const insert = new KeptInsert<ReturnType<typeof rows>[number]>((db, some) =>
    db.insertInto('groups').values(some.map(({ name, memory, digest }) => ({ name, memory, digest: digest + 1 }))),
  );
  await expect(insert.execute(await opened(), rows('a'))).rejects.toThrow('other parameters');
});
