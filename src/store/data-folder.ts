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
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { whyUntrusted } from '../base/trusted-path.ts';
import { PortError } from '../ports/errors.ts';

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/**
 * Makes the data folder, for this user alone, or trusts the one that is there: it belongs to this user, nobody else can write to
 * it, and the way to it is one that nobody but root and this user can change. A folder that Drover did not make keeps its mode.
 * @throws PortError `dataFolderUntrusted`, `dataFolderUnusable`
 */
export function openDataFolder(path: string): void {
  checkWay(path, path);
  try {
    mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER });
  } catch (error) {
    throw unusable(error);
  }
  checkWay(path, path);
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

/** The way to it, and it itself, as far as there is one. */
function checkWay(path: string, dataDir: string): void {
  const blocked = firstNotAFolder(path);
  let why: string | null;
  try {
    why = whyUntrusted(blocked ?? path);
  } catch (error) {
    throw unusable(error);
  }
  if (why !== null) throw untrusted(dataDir, why);
  if (blocked === null) return;
  const message = `${blocked} is in the way of the data folder ${dataDir}: it is not a folder`;
  throw new PortError('Invalid', 'dataFolderUnusable', message);
}

function firstNotAFolder(path: string): string | null {
  const parent = dirname(path);
  const before = parent === path ? null : firstNotAFolder(parent);
  if (before !== null) return before;
  try {
    return (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true) ? null : path;
  } catch (error) {
    throw unusable(error);
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
