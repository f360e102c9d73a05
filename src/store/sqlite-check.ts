import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../ports/errors.ts';

/** Takes about two seconds, once at the start; with the default history a database has about 70 MB. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;

/** Those that Drover acts on, which stay small whatever history is kept. */
const STATE_TABLES = ['groups', 'instances', 'state_digest'];

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
    throw new PortError(
      'Invalid',
      'storeDamaged',
      `the database ${path} is damaged; stop Drover and restore it as docs/store.md says (${found})`,
    );
  }
}

function pragma(database: DatabaseSync, name: 'page_count' | 'page_size'): number {
  return Number(database.prepare(`pragma ${name}`).get()?.[name]);
}
