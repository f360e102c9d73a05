import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiClient, ApiError } from '../../api/client.ts';
import { ProgramError, runProgram } from '../../base/run-program.ts';
import { errorCode } from '../../base/system-error.ts';
import type { Finding } from '../../model/finding.ts';
import { systemClock } from '../../system/clock.ts';

const MAX_OUTPUT_BYTES = 4_096;
/** File systems count in steps of up to two seconds. */
const MAX_SKEW_MS = 2_500;
const DAY_MS = 24 * 3_600_000;
const MAX_ACTIVITIES = 1_000;

/** Whether the clock is set by somebody, agrees with the data folder's file system, and was not set in the last day. */
export async function examineClock(dataDir: string, signal: AbortSignal): Promise<readonly Finding[]> {
  return [await synchronisation(signal), ...(await fileSystemClock(dataDir)), ...(await steps(dataDir, signal))];
}

async function synchronisation(signal: AbortSignal): Promise<Finding> {
  const answer = await isSynchronised(signal);
  if (answer === true) return { level: 'ok', message: 'The clock is synchronised.', remedy: null };
  if (answer === null) {
    const message = 'Whether the clock is synchronised is not known here: timedatectl gives no answer.';
    return { level: 'ok', message, remedy: null };
  }
  return {
    level: 'warning',
    message:
      'The clock is not synchronised: scheduled actions come at the wrong time, and times in logs do not fit those of others.',
    remedy: 'Let it be: sudo timedatectl set-ntp true, or install chrony.',
  };
}

async function isSynchronised(signal: AbortSignal): Promise<boolean | null> {
  const command = ['timedatectl', 'show', '--property=NTPSynchronized', '--value'];
  try {
    const { code, output } = await runProgram(
      { command, workingDirectory: '/', maxOutputBytes: MAX_OUTPUT_BYTES },
      systemClock,
      signal,
    );
    const said = output.trim();
    return code === 0 && (said === 'yes' || said === 'no') ? said === 'yes' : null;
  } catch (error) {
    if (error instanceof ProgramError) return null;
    throw error;
  }
}

/** A file server has a clock of its own, by which the age of a metric's file is measured. */
async function fileSystemClock(dataDir: string): Promise<readonly Finding[]> {
  const skewMs = await skewOf(dataDir);
  if (skewMs === null || Math.abs(skewMs) <= MAX_SKEW_MS) return [];
  const message = `The file system of ${dataDir} is ${Math.abs(skewMs) / 1000} s ${skewMs > 0 ? 'ahead of' : 'behind'} this host's clock.`;
  return [{ level: 'warning', message, remedy: 'Synchronise both clocks, or put the data folder on a local disk.' }];
}

/** By a file that is removed at once; null where none can be made. */
async function skewOf(dataDir: string): Promise<number | null> {
  let folder: string;
  try {
    folder = await mkdtemp(join(dataDir, '.doctor-'));
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return null;
  }
  try {
    const path = join(folder, 'now');
    await writeFile(path, '');
    return Math.round((await stat(path)).mtimeMs - systemClock.now());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function steps(dataDir: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const found = await activities(dataDir, signal);
  const since = systemClock.now() - DAY_MS;
  const set = found.filter(({ reason, at }) => reason === 'clockChanged' && at >= since);
  const last = set.at(-1);
  if (last === undefined) return [];
  const remedy = 'Find out what sets it. What keeps it synchronised should slew it, and not set it, once it runs.';
  return [{ level: 'warning', message: `${last.message} (${set.length} in the last day)`, remedy }];
}

/** None where no controller answers; whether it runs is another subject. */
async function activities(dataDir: string, signal: AbortSignal) {
  let client: ApiClient;
  try {
    client = new ApiClient(dataDir);
  } catch {
    return [];
  }
  try {
    return await client.activities({ limit: MAX_ACTIVITIES, level: 'warning' }, signal);
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  } finally {
    await client.close();
  }
}
