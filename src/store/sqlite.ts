import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { checkOwnFile, makePrivateFile } from './data-folder.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import type { Tables } from './schema.ts';
import { createSqlStore } from './sql-store.ts';
import { checkFile, checkLength } from './sqlite-check.ts';
import { asStoreError } from './sqlite-errors.ts';
import { migrate } from './sqlite-migrate.ts';

/**
 * How long a statement waits for another program (a person's `sqlite3`) to let go of the database. Node waits in place, so
 * nothing else happens meanwhile.
 */
const BUSY_TIMEOUT_MS = 2_000;

/**
 * Of a new database. A commit writes whole pages, and rows that change together are seldom on one page: with thousands of instances, the usual
 * 4,096 bytes make four times as much to write.
 */
const PAGE_BYTES = 1_024;
/** How long the write-ahead log grows before its pages are written to the database: 4 MiB. */
const CHECKPOINT_PAGES = 4_096;

const IN_MEMORY = ':memory:';

export type SqliteStoreOptions = {
  /** Lets others have their turn while a large commit is made; without it one is made in one go. */
  readonly clock?: Pick<Clock, 'sleep'>;
} & (
  | {
      /** The database file, made where there is none, or `:memory:`. */
      readonly path: string;
    }
  | {
      /**
       * A database that stays open after `close`. A store that used it before is cut off, its open transaction rolled back:
       * what a crash does to a process, for simulations of one.
       */
      readonly database: DatabaseSync;
    }
);

/**
 * Opens the store and brings its schema up to date.
 * @throws PortError `storeSchemaNewer`, `storeNotDrovers`, `storeNotADatabase`, `storeDamaged`, `storeNotWritable`,
 * `storeNotOpened`, `diskFull`, `storeBusy`
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = 'path' in options ? options.path : IN_MEMORY;
  const typed = (error: unknown) => asStoreError(error, path);
  try {
    if ('database' in options) return await openOn(options.database, false);
    return await openOn(openFile(path), true);
  } catch (error) {
    throw typed(error);
  }

  async function openOn(database: DatabaseSync, closeDatabase: boolean): Promise<Store> {
    const db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(database, { closeDatabase }) });
    try {
      await migrate(database, db, path);
    } catch (error) {
      if (closeDatabase) database.close();
      throw error;
    }
    return createSqlStore(db, typed, async () => options.clock?.sleep(0));
  }
}

/** A write-ahead log lets people read while Drover writes; `full` makes every commit wait for the disk. */
function openFile(path: string): DatabaseSync {
  if (path !== IN_MEMORY) {
    makePrivate(path);
    checkLength(path);
  }
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec(`pragma page_size = ${PAGE_BYTES}; pragma journal_mode = wal; pragma synchronous = full`);
    database.exec(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}; pragma foreign_keys = on`);
    checkFile(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite gives its log beside the database the same mode. A folder that exists is the user's: its mode is left alone. */
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (const beside of ['-wal', '-shm', '-journal']) checkOwnFile(`${path}${beside}`);
  makePrivateFile(path);
}
