import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { isProgrammingError } from '../base/system-error.ts';
import { PortError } from '../ports/errors.ts';
import type { Tables } from './schema.ts';
import { damaged } from './sqlite-check.ts';
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts';

/** `DROV`: distinguishes Drover's databases from those of other programs (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x44524f56;

/**
 * Brings the schema up to date in one transaction, so that a kill in the middle leaves the one before.
 * @throws PortError for a database of another program, and for one that a newer Drover has changed
 */
export async function migrate(database: DatabaseSync, db: Kysely<Tables>, path: string): Promise<void> {
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  if (tables.length === 0) database.exec(`pragma application_id = ${APPLICATION_ID}`);
  refuseForeign(database, path);
  const executed = tables.some(({ name }) => name === 'kysely_migration') ? executedMigrations(database) : [];
  refuseNewer(executed, path);
  if (executed.length === Object.keys(SQLITE_MIGRATIONS).length) return;
  const migrator = new Migrator({ db, provider: { getMigrations: async () => SQLITE_MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  // What does not come from SQLite is Kysely's complaint about the list of what was done already.
  if (error instanceof Error && !('errcode' in error) && !isProgrammingError(error)) throw damaged(path, error.message);
  if (error !== undefined) throw error;
}

function refuseForeign(database: DatabaseSync, path: string): void {
  const id = database.prepare('pragma application_id').get()?.application_id;
  if (id === APPLICATION_ID) return;
  throw new PortError(
    'Invalid',
    'storeNotDrovers',
    `the database ${path} belongs to another program; move it away or use another data folder`,
  );
}

function executedMigrations(database: DatabaseSync): readonly string[] {
  return database
    .prepare('select name from kysely_migration order by name')
    .all()
    .map(({ name }) => String(name));
}

function refuseNewer(executed: readonly string[], path: string): void {
  const unknown = executed.filter((name) => !Object.hasOwn(SQLITE_MIGRATIONS, name));
  if (unknown.length === 0) return;
  throw new PortError(
    'Invalid',
    'storeSchemaNewer',
    `the database ${path} was changed by a newer Drover (${unknown.join(', ')}); ` +
      'run that version again, or restore a backup from before the upgrade',
  );
}
