/** Which folder a data folder is. A copy of one names the same HAProxy and servers as its original, and would take them over. */

import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FileError, readBoundedSync, replaceSync } from '../base/files.ts';
import { PortError } from '../ports/errors.ts';
import { foldersWrittenTo } from './open-folders.ts';

const NAME = 'home';
const MAX_BYTES = 8_192;

interface Home {
  /** The real path of the folder when it was used last. */
  readonly path: string;
  /** Device, inode and time of birth of the folder that it was first: copies keep it. */
  readonly origin: string;
}

/**
 * Makes sure that this is no copy. The folder that was there first is none, wherever it is now; any other has come from a backup or from
 * another disk, unless the first one is still there: in its old place, or where something still writes to it (its controller, HAProxy,
 * servers' logs). Changes nothing.
 * @returns how to write down where this folder is, for the holder of its lock
 * @throws PortError `dataFolderCopied`
 */
export function checkHome(dataDir: string): () => void {
  const file = join(dataDir, NAME);
  const path = realpathSync(dataDir);
  const identity = identityOf(path);
  const written = readHome(file);
  if (written === null) return () => writeHome(file, { path, origin: identity ?? '' });
  if (identity !== written.origin) {
    const isOriginal = (folder: string) =>
      identityOf(folder) !== identity && readHome(join(folder, NAME))?.origin === written.origin;
    const original = [written.path, ...foldersWrittenTo()].find(isOriginal);
    if (original !== undefined) throw copied(dataDir, original);
  }
  return written.path === path ? () => {} : () => writeHome(file, { ...written, path });
}

function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`;
}

/** Null for one that is not there, as in a folder of an earlier Drover, or that cannot be made out. */
function readHome(file: string): Home | null {
  try {
    const [path, origin] = readBoundedSync(file, { maxBytes: MAX_BYTES, noFollow: true }).bytes.toString().split('\n');
    return path === undefined || origin === undefined ? null : { path, origin };
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

function writeHome(file: string, { path, origin }: Home): void {
  replaceSync(file, `${path}\n${origin}\n`);
}

function copied(dataDir: string, original: string): PortError {
  return new PortError(
    'Invalid',
    'dataFolderCopied',
    `the data folder ${dataDir} is a copy of ${original}, which is still there: it would take over the HAProxy and the servers of that one. Use ${original}; for another fleet, use a new folder; if this one is to go on in its place, remove ${original} first`,
  );
}
