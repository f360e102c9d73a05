import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { openToReplace } from '../../base/files.ts';
import { lastWords } from '../../base/last-words.ts';
import { errorCode } from '../../base/system-error.ts';

export const LOG_FILE = 'server.log';

const ENDED_LOGS_MAX = 50;
/** Of all ended logs together; the newest is kept all the same. */
const ENDED_LOGS_MAX_BYTES = 100 * 1024 * 1024;
const COPY_BYTES = 256 * 1024;
const TAIL_BYTES = 4096;
const LINE_MAX_CHARACTERS = 200;

/**
 * Starts a log anew that has grown beyond `maxBytes`, and keeps the end of it, at most as long, as `<path>.1`. The server appends to
 * the same file all the while, so this works for servers that an earlier controller started. What is written between the last
 * copied byte and the emptying is lost.
 *
 * @throws when the log cannot be copied, a full disk for example: a log of twice the size is then emptied all the same
 */
export async function rotateLog(path: string, maxBytes: number): Promise<void> {
  await using log = await openLog(path);
  if (log === null) return;
  const { size } = await log.stat();
  if (size <= maxBytes) return;
  try {
    await copyTail(log, size - maxBytes, `${path}.1`);
  } catch (error) {
    if (size > 2 * maxBytes) await log.truncate();
    throw error;
  }
  await log.truncate();
}

async function openLog(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Copies from that byte on, and what is written meanwhile, but not for ever. The copy is there as a whole or not at all. */
async function copyTail(log: FileHandle, from: number, path: string): Promise<void> {
  const unfinished = `${path}.new`;
  try {
    await using copy = await openToReplace(unfinished);
    const chunk = Buffer.alloc(COPY_BYTES);
    const end = (await log.stat()).size + COPY_BYTES;
    for (let at = from, read = -1; read !== 0 && at < end; at += read) {
      read = (await log.read(chunk, 0, chunk.length, at)).bytesRead;
      await copy.appendFile(chunk.subarray(0, read));
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The line that says most about how a server ended, cut to a readable length; empty when there is none. */
export async function lastLine(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(0, size - TAIL_BYTES),
    );
    return lastWords(buffer.toString('utf8', 0, bytesRead))
      .replace(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, LINE_MAX_CHARACTERS);
  } catch {
    return '';
  }
}

/**
 * Moves an ended server's log to `<dataDir>/ended/<instanceId>.log`, no more of it than its last `maxBytes`, and deletes the oldest
 * beyond the bounds.
 */
export async function keepEndedLog(
  path: string,
  { dataDir, instanceId, maxBytes, nowMs }: { dataDir: string; instanceId: string; maxBytes: number; nowMs: number },
): Promise<void> {
  const folder = join(dataDir, 'ended');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = join(folder, `${instanceId}.log`);
  await using log = await openLog(path);
  if (log !== null) {
    const { size } = await log.stat();
    if (size > maxBytes) await copyTail(log, size - maxBytes, kept);
    else await rename(path, kept);
    // The age that counts is the time of the end, not that of the last line.
    await utimes(kept, nowMs / 1000, nowMs / 1000);
  }
  await deleteOldest(folder);
}

async function deleteOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  const logs = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => null);
      return { name, mtimeMs: found?.mtimeMs ?? 0, size: found?.size ?? 0 };
    }),
  );
  logs.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let bytes = 0;
  for (const [index, { name, size }] of logs.entries()) {
    bytes += size;
    const isKept = index === 0 || (index < ENDED_LOGS_MAX && bytes <= ENDED_LOGS_MAX_BYTES);
    if (!isKept) await rm(join(folder, name), { force: true });
  }
}
