import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../ports/errors.ts';

/** Takes about two seconds, once at the start; with the default history a database has about 70 MB. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;

/** Those that Drover acts on, which stay small whatever history is kept. */
const STATE_TABLES = ['groups', 'instances', 'state_digest'];

/** The smallest page: SQLite takes a file that is shorter for a new database. */
const SHORTEST_BYTES = 512;

/** @throws PortError `storeDamaged` for what is neither empty nor long enough */
export function checkLength(path: string): void {
  const { size } = statSync(path);
  if (size > 0 && size < SHORTEST_BYTES) throw damaged(path, 'hardly anything is left of it');
}

/**
 * Looks for damage before anything is read or written: a commit into a broken file could break more of it.
 * @throws PortError `storeDamaged`
 */
export function checkFile(database: DatabaseSync, path: string): void {
  const isLarge = pragma(database, 'page_count') * pragma(database, 'page_size') > MAX_CHECKED_BYTES;
  const known = database.prepare('select name from sqlite_schema').all();
  const tables = STATE_TABLES.filter((name) => known.some((table) => table.name === name));
  for (const scope of isLarge ? tables : ['1']) {
    const found = database.prepare(`pragma quick_check(${scope})`).get()?.quick_check;
    if (found === 'ok') continue;
    throw damaged(path, String(found));
  }
}

function pragma(database: DatabaseSync, name: 'page_count' | 'page_size'): number {
  return Number(database.prepare(`pragma ${name}`).get()?.[name]);
}

/** @param what was found, in brackets behind what to do */
export function damaged(path: string, what: string): PortError {
  const message = `the database ${path} is damaged; stop Drover and restore it as docs/store.md says (${what})`;
  return new PortError('Invalid', 'storeDamaged', message);
}
