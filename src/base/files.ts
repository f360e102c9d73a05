/**
 * Files that somebody else may have had a hand in: read within bounds, and written without being led elsewhere.
 *
 * What is read or written while Drover runs is awaited, because a slow disk or a share that hangs must not stop the loops. Three places cannot
 * wait, and have a way in place (`...Sync`): schemas, which answer at once (user data in a file); the log, whose lines must be written before the
 * process goes on or ends; and what decides whether Drover may start at all (the lock, the folder's home, hosts in quarantine), where nothing
 * may happen between the question and the answer.
 */

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ExpectedError } from './expected-error.ts';

/** Why a file is not read or written; the message goes on after `<path> cannot be read: `. */
export class FileError extends ExpectedError {
  readonly code: 'absent' | 'notAFile' | 'tooLarge' | 'unusable';

  constructor(code: FileError['code'], message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'FileError';
    this.code = code;
  }
}

export interface ReadOptions {
  readonly maxBytes: number;
  /** For files of Drover's own: a symbolic link is refused. */
  readonly noFollow?: boolean;
}

export interface Content {
  readonly bytes: Buffer;
  /** When it was last written, in milliseconds since 1970. */
  readonly writtenAt: number;
}

// Without O_NONBLOCK the opening of a named pipe would wait for its other end.
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const PRIVATE = 0o600;
const LEAST_ROOM_BYTES = 64 * 1024;

/** A regular file, whole. What is larger is refused before it is read. @throws FileError */
export async function readBounded(path: string, { maxBytes, noFollow = false }: ReadOptions): Promise<Content> {
  try {
    await using file = await open(path, noFollow ? READ | constants.O_NOFOLLOW : READ);
    const stat = await file.stat();
    const bytes = Buffer.alloc(roomFor(stat, maxBytes));
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = (await file.read(bytes, length, bytes.length - length, length)).bytesRead;
    }
    return asContent(stat, bytes, length, maxBytes);
  } catch (error) {
    throw asFileError(error, noFollow);
  }
}

/** `readBounded` in place. @throws FileError */
export function readBoundedSync(path: string, { maxBytes, noFollow = false }: ReadOptions): Content {
  let file: number | undefined;
  try {
    file = openSync(path, noFollow ? READ | constants.O_NOFOLLOW : READ);
    const stat = fstatSync(file);
    const bytes = Buffer.alloc(roomFor(stat, maxBytes));
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, length);
    }
    return asContent(stat, bytes, length, maxBytes);
  } catch (error) {
    throw asFileError(error, noFollow);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** For writing at the end; made for this user alone where there is none. @throws FileError for a symbolic link, a pipe, a device */
export async function openToAppend(path: string): Promise<FileHandle> {
  return openRegular(path, WRITE | constants.O_APPEND);
}

/** For writing anew; made for this user alone where there is none. @throws FileError for a symbolic link, a pipe, a device */
export async function openToReplace(path: string): Promise<FileHandle> {
  return openRegular(path, WRITE | constants.O_TRUNC);
}

async function openRegular(path: string, flags: number): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, flags, PRIVATE);
    refuseIrregular(await file.stat());
    return file;
  } catch (error) {
    await file?.close();
    throw asFileError(error, true);
  }
}

/** `openToAppend` in place; the caller closes the descriptor. */
export function openToAppendSync(path: string): number {
  return openRegularSync(path, WRITE | constants.O_APPEND);
}

/** A short text in the place of what is there, in place; made for this user alone where there is none. @throws FileError as `openToReplace` */
export function replaceSync(path: string, text: string): void {
  const file = openRegularSync(path, WRITE | constants.O_TRUNC);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

function openRegularSync(path: string, flags: number): number {
  let file: number | undefined;
  try {
    file = openSync(path, flags, PRIVATE);
    refuseIrregular(fstatSync(file));
    return file;
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw asFileError(error, true);
  }
}

/** One more byte than may be: a file may grow, and those of the kernel say that they are empty. */
function roomFor(stat: Stats, maxBytes: number): number {
  refuseIrregular(stat);
  if (stat.size > maxBytes) throw tooLarge(maxBytes);
  return Math.min(maxBytes, Math.max(stat.size, LEAST_ROOM_BYTES)) + 1;
}

function asContent(stat: Stats, bytes: Buffer, length: number, maxBytes: number): Content {
  if (length > maxBytes) throw tooLarge(maxBytes);
  return { bytes: bytes.subarray(0, length), writtenAt: Math.round(stat.mtimeMs) };
}

function tooLarge(maxBytes: number): FileError {
  return new FileError('tooLarge', `it is larger than ${inBytes(maxBytes)}, the most that is read`);
}

function inBytes(bytes: number): string {
  const [MiB, KiB] = [1_048_576, 1_024];
  if (bytes % MiB === 0) return `${bytes / MiB} MiB`;
  return bytes % KiB === 0 ? `${bytes / KiB} KiB` : `${bytes} bytes`;
}

function refuseIrregular(stat: Stats): void {
  if (stat.isFile()) return;
  throw new FileError('notAFile', `it is ${irregular(stat)}, not a regular file`);
}

function irregular(stat: Stats): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

function asFileError(error: unknown, noFollow: boolean): FileError {
  if (error instanceof FileError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const cause = { cause: error };
  switch (code) {
    case 'ENOENT':
      return new FileError('absent', 'it does not exist', cause);
    case 'ENOTDIR':
      return new FileError('absent', 'a part of its path is not a folder', cause);
    case 'EISDIR':
      return new FileError('notAFile', 'it is a folder, not a regular file', cause);
    case 'ENXIO':
      return new FileError('notAFile', 'it is a socket or a pipe, not a regular file', cause);
    case 'ELOOP':
      return new FileError('notAFile', noFollow ? 'it is a symbolic link' : 'its symbolic links go in a circle', cause);
    case 'EACCES':
    case 'EPERM':
      return new FileError('unusable', `this user may not (${code}); look at its permissions and its folder's`, cause);
    case 'ENOSPC':
    case 'EDQUOT':
      return new FileError('unusable', `the disk or the quota is full (${code})`, cause);
    default:
      return new FileError('unusable', error instanceof Error ? error.message : String(error), cause);
  }
}
