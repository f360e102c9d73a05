import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '../../base/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogsWanted } from '../../ports/provider.ts';
import { LineCutter } from '../line-cutter.ts';

/** Its last lines are looked for in so much of a log. */
const TAIL_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const LOOK_INTERVAL_MS = 250;

export interface LogReading {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether nothing more will come. */
  readonly isOver: () => Promise<boolean>;
}

/**
 * The last lines of a log, and what comes, until nothing more will. A log that is begun anew meanwhile is read from its begin on; what is then missing of the
 * last lines is in the one before.
 */
export async function* readLog(
  path: string,
  { lines, follow }: LogsWanted,
  { clock, signal, isOver }: LogReading,
): AsyncGenerator<string> {
  await using log = await openLog(path);
  if (log === null) return;
  const { size } = await log.stat();
  const cutter = new LineCutter();
  const whole = await linesUpTo(log, size, cutter);
  const last = follow ? whole : [...whole, ...cutter.end()];
  const missing = lines - last.length;
  if (missing > 0) {
    await using earlier = await openLog(`${path}.1`);
    if (earlier !== null)
      yield* (await linesUpTo(earlier, (await earlier.stat()).size, new LineCutter())).slice(-missing);
  }
  if (lines > 0) yield* last.slice(-lines);
  if (follow) yield* followed(log, size, cutter, { clock, signal, isOver });
}

async function* followed(
  log: FileHandle,
  from: number,
  cutter: LineCutter,
  { clock, signal, isOver }: LogReading,
): AsyncGenerator<string> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let at = from;
  while (!signal.aborted) {
    if ((await log.stat()).size < at) at = 0;
    const { bytesRead } = await log.read(chunk, 0, chunk.length, at);
    at += bytesRead;
    yield* cutter.push(chunk.subarray(0, bytesRead));
    if (bytesRead > 0) continue;
    if (await isOver()) return yield* cutter.end();
    await clock.sleep(LOOK_INTERVAL_MS, signal);
  }
}

/** @param cutter keeps the beginning of a line that has no end yet */
async function linesUpTo(log: FileHandle, size: number, cutter: LineCutter): Promise<readonly string[]> {
  const from = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await log.read(Buffer.alloc(size - from), 0, size - from, from);
  const lines = cutter.push(buffer.subarray(0, bytesRead));
  // The first one may be the end of a line.
  return from > 0 ? lines.slice(1) : lines;
}

async function openLog(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
