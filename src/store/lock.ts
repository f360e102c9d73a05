import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readBoundedSync, replaceSync } from '../base/files.ts';
import { PortError } from '../ports/errors.ts';
import { checkOwnFile, makePrivateFile, openDataFolder } from './data-folder.ts';
import { checkHome } from './home.ts';
import { filesIn } from './presence.ts';
import { asStoreError, isBusy } from './sqlite-errors.ts';

/** A database that nothing refers to is collected and closed, and with it the lock would be gone that its owner still counts on. */
const held = new Set<DatabaseSync>();

const MAX_PID_BYTES = 64;

/** The right to control a data folder. */
export interface Lock {
  release(): void;
}

/**
 * Makes this process the one controller of a data folder, until `release` or its end, however sudden: the lock is the open
 * transaction of a small SQLite file, and the kernel lets go of that with the process.
 * Nothing in the folder is opened before it is known to be this user's.
 * @throws PortError `locked` while another one holds it, with that one's process id where it is known; `dataFolderUntrusted`,
 * `dataFolderUnusable`, `dataFolderCopied`
 */
export function acquireLock(dataDir: string): Lock {
  const path = filesIn(dataDir).lock;
  const pidPath = join(dataDir, 'lock.pid');
  let database: DatabaseSync | undefined;
  try {
    openDataFolder(dataDir);
    const claimHome = checkHome(dataDir);
    makePrivateFile(path);
    checkOwnFile(pidPath);
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('begin exclusive');
    claimHome();
    replaceSync(pidPath, `${process.pid}\n`);
  } catch (error) {
    database?.close();
    throw isBusy(error) ? locked(dataDir, pidPath) : asStoreError(error, path);
  }
  return hold(database);
}

function hold(database: DatabaseSync): Lock {
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      database.close();
    },
  };
}

function locked(dataDir: string, pidPath: string): PortError {
  return new PortError(
    'Invalid',
    'locked',
    `the data folder ${dataDir} is in use by ${holder(pidPath)}; stop that one first, or use another data folder`,
  );
}

function holder(pidPath: string): string {
  try {
    const pid = readBoundedSync(pidPath, { maxBytes: MAX_PID_BYTES, noFollow: true }).bytes.toString().trim();
    return /^\d+$/.test(pid) ? `the Drover with process id ${pid}` : 'another Drover';
  } catch {
    return 'another Drover';
  }
}
