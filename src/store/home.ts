/** Which folder a data folder is. A copy of one names the same HAProxy and servers as its original, and would take them over. */

import { closeSync, realpathSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FileError, openToReplaceSync, readBoundedSync } from '../base/files.ts';
import { PortError } from '../ports/errors.ts';

const NAME = 'home';
const MAX_BYTES = 8_192;

interface Home {
  /** The real path of the folder. */
  readonly path: string;
  /** Device, inode and time of birth of the folder there. */
  readonly identity: string;
}

/**
 * Makes sure that this is no copy: one that was moved, or brought back from a backup, is where it is now; one whose original is
 * still there is a copy. Changes nothing.
 * @returns how to write down which folder this is, for the holder of its lock
 * @throws PortError `dataFolderCopied`
 */
export function checkHome(dataDir: string): () => void {
  const file = join(dataDir, NAME);
  const now = homeOf(dataDir);
  const written = readHome(file);
  if (now === null || (written?.path === now.path && written.identity === now.identity)) return () => {};
  if (written !== null && written.identity !== now.identity && homeOf(written.path)?.identity === written.identity) {
    throw copied(dataDir, written.path);
  }
  return () => writeHome(file, now);
}

function homeOf(path: string): Home | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return null;
  return { path: realpathSync(path), identity: `${stat.dev}:${stat.ino}:${stat.birthtimeNs}` };
}

/** Null for one that is not there, as in a folder of an earlier Drover, or that cannot be made out. */
function readHome(file: string): Home | null {
  try {
    const [path, identity] = readBoundedSync(file, { maxBytes: MAX_BYTES, noFollow: true })
      .bytes.toString()
      .split('\n');
    return path === undefined || identity === undefined ? null : { path, identity };
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

function writeHome(file: string, { path, identity }: Home): void {
  const descriptor = openToReplaceSync(file);
  try {
    writeSync(descriptor, `${path}\n${identity}\n`);
  } finally {
    closeSync(descriptor);
  }
}

function copied(dataDir: string, original: string): PortError {
  return new PortError(
    'Invalid',
    'dataFolderCopied',
    `the data folder ${dataDir} is a copy of ${original}, which is still there: it would take over the HAProxy and the servers of that one. Use ${original}; for another fleet, use a new folder; if this one is to go on in its place, remove ${original} first`,
  );
}
