import { copyFile, mkdir, open, readdir, rename, rm, stat, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './procfs.ts';

export const LOG_FILE = 'server.log';

const LOG_MAX_BYTES = 10 * 1024 * 1024;
const ENDED_LOGS_MAX = 50;
const TAIL_BYTES = 4096;
const LINE_MAX_CHARACTERS = 200;

/**
 * Copies a log that has grown too long to `server.log.1` and empties it. The server appends to the same file all the while, so
 * this works for servers that an earlier controller started; what is written between the copy and the emptying is lost.
 */
export async function rotateLog(path: string, maxBytes = LOG_MAX_BYTES): Promise<void> {
  try {
    if ((await stat(path)).size <= maxBytes) return;
    await copyFile(path, `${path}.1`);
    await truncate(path);
  } catch {
    // A log that cannot be rotated (a full disk) must not keep anyone from seeing the machines; the next round tries again.
  }
}

/** The last line that is not blank, cut to a readable length; empty when there is none. */
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
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    return (lines.findLast((line) => line.trim() !== '') ?? '')
      .replace(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, LINE_MAX_CHARACTERS);
  } catch {
    return '';
  }
}

/** Moves an ended server's log to `<dataDir>/ended/<instanceId>.log` and deletes the oldest beyond the bound. */
export async function keepEndedLog(path: string, dataDir: string, instanceId: string, nowMs: number): Promise<void> {
  const folder = join(dataDir, 'ended');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = join(folder, `${instanceId}.log`);
  try {
    // The age that counts is the time of the end, not that of the last line.
    await utimes(path, nowMs / 1000, nowMs / 1000);
    await rename(path, kept);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  await deleteOldest(folder);
}

async function deleteOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= ENDED_LOGS_MAX) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, mtimeMs: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  );
  aged.sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { name } of aged.slice(ENDED_LOGS_MAX)) await rm(join(folder, name), { force: true });
}
