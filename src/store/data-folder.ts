/** The data folder: nothing in it is opened before it is known that only this user, and root, can have put it there. */

import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { PortError } from '../ports/errors.ts';
import { isPrivateGroup } from './private-group.ts';

const ROOT = 0;
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Makes the data folder, for this user alone, or trusts the one that is there: it belongs to this user, nobody else can write to
 * it, and the way to it is one that nobody but root and this user can change. A folder that Drover did not make keeps its mode.
 * @throws PortError `dataFolderUntrusted`, `dataFolderUnusable`
 */
export function openDataFolder(path: string): void {
  checkWay(dirname(path), path, MAX_LINKS);
  try {
    mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER });
  } catch (error) {
    throw unusable(error);
  }
  checkWay(path, path, MAX_LINKS);
  const stat = lstat(path);
  if (stat?.isSymbolicLink()) return openDataFolder(resolve(dirname(path), readlinkSync(path)));
  if (stat?.uid === geteuid?.()) return;
  throw untrusted(path, `${path} belongs to the user with id ${stat?.uid}`);
}

/**
 * Makes a file that only this user can open, or makes sure that the one that is there is such: nothing that leads elsewhere.
 * @throws PortError `dataFolderUntrusted`, `storeNotOpened`, and the system's errors
 */
export function makePrivateFile(path: string): void {
  const stat = lstat(path);
  if (stat === null) {
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    closeSync(openSync(path, O_WRONLY | O_CREAT | O_EXCL, PRIVATE_FILE));
    return;
  }
  if (stat.isDirectory()) throw new PortError('Invalid', 'storeNotOpened', `${path} is a folder; move it away`);
  refuseForeignFile(path, stat);
  accessSync(path, constants.W_OK);
  if ((stat.mode & 0o777) !== PRIVATE_FILE) chmodSync(path, PRIVATE_FILE);
}

/** @throws PortError `dataFolderUntrusted` where something is that is not this user's own regular file */
export function checkOwnFile(path: string): void {
  const stat = lstat(path);
  if (stat !== null) refuseForeignFile(path, stat);
}

function refuseForeignFile(path: string, stat: Stats): void {
  if (!stat.isFile()) throw untrusted(dirname(path), `${path} is not a regular file`);
  if (stat.uid !== geteuid?.()) throw untrusted(dirname(path), `${path} belongs to the user with id ${stat.uid}`);
  if (stat.nlink > 1) throw untrusted(dirname(path), `${path} has a second name (a hard link)`);
}

/** Every folder and every symbolic link on the way, from the root on, as far as there is one. */
function checkWay(path: string, dataDir: string, linksLeft: number): void {
  const parent = dirname(path);
  if (parent !== path) checkWay(parent, dataDir, linksLeft);
  const stat = lstat(path);
  if (stat === null) return;
  if (stat.uid !== ROOT && stat.uid !== geteuid?.()) {
    throw untrusted(dataDir, `${path} belongs to the user with id ${stat.uid}`);
  }
  if (stat.isSymbolicLink()) {
    if (linksLeft === 0) throw untrusted(dataDir, `${path} is one symbolic link too many`);
    return checkWay(resolve(parent, readlinkSync(path)), dataDir, linksLeft - 1);
  }
  if (!stat.isDirectory())
    throw new PortError(
      'Invalid',
      'dataFolderUnusable',
      `${path} is in the way of the data folder ${dataDir}: it is not a folder`,
    );
  // Where the sticky bit is set (/tmp), nobody can rename or remove what is another user's. In the data folder itself that is not enough.
  if ((stat.mode & STICKY) !== 0 && path !== dataDir) return;
  if ((stat.mode & OTHERS_WRITE) !== 0) throw untrusted(dataDir, `every user can write to ${path}`);
  if ((stat.mode & GROUP_WRITES) !== 0 && !isPrivateGroup(stat.gid)) {
    throw untrusted(dataDir, `the group with id ${stat.gid} can write to ${path}`);
  }
}

function lstat(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw unusable(error);
  }
}

function unusable(error: unknown): PortError {
  const why = error instanceof Error ? error.message : String(error);
  return new PortError('Invalid', 'dataFolderUnusable', `the data folder cannot be made or looked at: ${why}`, {
    cause: error,
  });
}

function untrusted(dataDir: string, why: string): PortError {
  const message = `the data folder ${dataDir} is not safe to use: ${why}, who could put files there that Drover would trust. Use a folder that Drover makes itself, in a folder of yours (--data), or close this one (chmod 700, chown)`;
  return new PortError('Unauthorized', 'dataFolderUntrusted', message);
}
