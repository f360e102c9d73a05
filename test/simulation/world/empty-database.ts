import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../../src/store/sqlite.ts';

/** Bringing the schema up to date takes longer than all that some seeds write, so it is done once. */
const EMPTY = await bytesOfEmpty();

/** A database in memory that has Drover's tables, and nothing in them. */
export function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.deserialize(EMPTY);
  return database;
}

async function bytesOfEmpty(): Promise<Uint8Array> {
  const database = new DatabaseSync(':memory:');
  await openSqliteStore({ database });
  const bytes = database.serialize();
  database.close();
  return bytes;
}
