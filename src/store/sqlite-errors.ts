import type { Reaction } from '../model/observation.ts';
import { isDefect, PortError } from '../ports/errors.ts';

interface Cause {
  readonly reaction: Reaction;
  readonly code: string;
  /** Goes on after `the database <path>`. */
  readonly what: string;
}

const cause = (reaction: Reaction, code: string, what: string): Cause => ({ reaction, code, what });

const BUSY = cause('Transient', 'storeBusy', 'is locked by another program');
const NOT_WRITABLE = cause('Unauthorized', 'storeNotWritable', 'cannot be written to; look at its permissions');
const DISK_FULL = cause('NoCapacity', 'diskFull', 'cannot grow: the disk or the quota is full; make room');
const NOT_OPENED = cause('Invalid', 'storeNotOpened', 'cannot be opened; look at the path');
const DAMAGED = cause('Invalid', 'storeDamaged', 'is damaged; stop Drover and restore it as docs/store.md says');
/** Our statements are always the same: when SQLite cannot carry one out, the tables or what is in them is not ours any more. */
const NOT_OURS = cause(
  'Invalid',
  'storeDamaged',
  'holds what Drover did not write; stop Drover and restore it as docs/store.md says',
);
const NOT_A_DATABASE = cause('Invalid', 'storeNotADatabase', 'is not a SQLite database; move it away');
const CLOSED = cause('Transient', 'storeClosed', 'is closed');
const INPUT_OUTPUT = cause('Transient', 'storeInputOutput', 'could not be read or written; look at the disk');

/** SQLITE_IOERR_SHORT_READ: the file has ended before its last page. */
const SHORT_READ = 522;

/** By SQLite's primary result code (https://sqlite.org/rescode.html). */
const SQLITE_CAUSES: ReadonlyMap<number, Cause> = new Map([
  [1, NOT_OURS],
  [3, NOT_WRITABLE],
  [5, BUSY],
  [6, BUSY],
  [8, NOT_WRITABLE],
  [10, INPUT_OUTPUT],
  [11, DAMAGED],
  [13, DISK_FULL],
  [14, NOT_OPENED],
  [18, NOT_OURS],
  [19, NOT_OURS],
  [20, NOT_OURS],
  [26, NOT_A_DATABASE],
]);

const FILE_CAUSES: ReadonlyMap<string, Cause> = new Map([
  ['EACCES', NOT_WRITABLE],
  ['EPERM', NOT_WRITABLE],
  ['EROFS', NOT_WRITABLE],
  ['ENOSPC', DISK_FULL],
  ['EDQUOT', DISK_FULL],
]);

/** An error of SQLite or of the file system, about the database at `path`, as a `PortError`; a `PortError` and a defect stay as they are. */
export function asStoreError(error: unknown, path: string): unknown {
  if (error instanceof PortError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const known = reactionOf(error);
  if (known === undefined && isDefect(error)) return error;
  if (known === undefined) {
    return new PortError('Transient', 'storeFailed', `the database ${path} failed: ${message}`, { cause: error });
  }
  return new PortError(known.reaction, known.code, `the database ${path} ${known.what} (${message})`, { cause: error });
}

/** Whether another connection holds the database. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && primaryCode(error) === 5;
}

function reactionOf(error: unknown): Cause | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = primaryCode(error);
  if ('errcode' in error && error.errcode === SHORT_READ) return DAMAGED;
  if (code !== undefined) return SQLITE_CAUSES.get(code);
  // Kysely's own, which has no code.
  if (error.message === 'driver has already been destroyed') return CLOSED;
  // Node's own: a statement that comes after the store was closed, and a number that none of our columns ever holds.
  if ('code' in error && error.code === 'ERR_INVALID_STATE') return CLOSED;
  if ('code' in error && error.code === 'ERR_OUT_OF_RANGE') return NOT_OURS;
  if (!('syscall' in error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return FILE_CAUSES.get(error.code) ?? NOT_OPENED;
}

/** SQLite's extended codes carry the primary one in their lowest byte. */
function primaryCode(error: Error): number | undefined {
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
