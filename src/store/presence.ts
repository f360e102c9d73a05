import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PortError } from '../ports/errors.ts';
import type { Store } from '../ports/store.ts';

/** Where the lock and the records of a data folder are. */
export function filesIn(dataDir: string): { readonly lock: string; readonly database: string } {
  return { lock: join(dataDir, 'lock.db'), database: join(dataDir, 'drover.db') };
}

/**
 * Remembers which files the lock and the records of a data folder are. An open file goes on without a name: whoever removes or
 * replaces them lets a second controller begin, while the first one notices nothing.
 * @returns the way to look, at the cost of four calls to the system: throws PortError `dataFolderLost` once one of them is gone
 */
export function rememberFiles(dataDir: string): () => void {
  const { lock, database } = filesIn(dataDir);
  const remembered = [dataDir, lock, database, `${database}-wal`].map((path) => ({ path, identity: identityOf(path) }));
  return () => {
    for (const { path, identity } of remembered) {
      const now = identityOf(path);
      if (now === identity || now === UNKNOWN) continue;
      throw lost(dataDir, path, now === null ? 'is gone' : 'is another one');
    }
  };
}

/** A store that records nothing more once `check` throws. */
export function guarded(store: Store, check: () => void): Store {
  return {
    ...store,
    commit: async (change) => {
      check();
      await store.commit(change);
    },
  };
}

const UNKNOWN = 'unknown';

/** Null for what is not there. What cannot be looked at for a moment is not known to be gone. */
function identityOf(path: string): string | null {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
  } catch {
    return UNKNOWN;
  }
}

function lost(dataDir: string, path: string, what: string): PortError {
  const within =
    path === dataDir
      ? `the data folder ${dataDir}`
      : `${path.slice(dirname(path).length + 1)} in the data folder ${dataDir}`;
  const message = `${within} ${what}: it was removed or replaced under this controller, which does nothing more. HAProxy and the servers go on; put the folder back as it was, or start Drover anew to take them over`;
  return new PortError('Invalid', 'dataFolderLost', message);
}
