/** HAProxy's processes as the host knows them. A process is a pid with its start time: a pid alone may be another's a moment later. */

import { realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { geteuid, kill } from 'node:process';
import {
  commandLineOf,
  isSame,
  ownerOf,
  type ProcessIdentity,
  type ProcessStart,
  readBootId,
  readStat,
  readStats,
  workingDirectoryOf,
} from '../base/procfs.ts';
import { errorCode } from '../base/system-error.ts';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import { readIfExists, writeDurably } from './files.ts';

const POLL_MS = 25;
/** For open requests to end before connections are cut. */
const SOFT_STOP_MS = 3_000;
const HARD_STOP_MS = 2_000;
/** In the folder of the configuration: which master was started with it. */
const RECORD = 'started.json';

export interface HostProcess extends ProcessStart {
  /** The pid of the process that started it, or of who took it over since. */
  readonly parent: number;
  readonly userId: number;
}

/**
 * Every process, master or worker, that is ours: of our own user, with our configuration on its command line, whatever symlink it
 * was reached by; the master that was started last, whoever owns it now; and the workers of these, which may be another user's. A
 * zombie is none.
 */
export async function ownProcesses(configPath: string): Promise<readonly HostProcess[]> {
  const [config, recorded] = await Promise.all([realPathOf(configPath), readRecord(configPath)]);
  const all = readStats().flatMap(({ pid }) => processAt(pid) ?? []);
  const isRecorded = ({ pid, startTicks }: HostProcess): boolean =>
    recorded?.bootId === readBootId() && pid === recorded.pid && startTicks === recorded.startTicks;
  const known = await Promise.all(
    all.map(async (one) => isRecorded(one) || (one.userId === geteuid?.() && (await runsWith(one.pid, config)))),
  );
  const ours = new Set(all.filter((_, index) => known[index]).map(({ pid }) => pid));
  return all.filter(({ pid, parent }) => ours.has(pid) || ours.has(parent));
}

/** What has become of the master that was started last; null when none was, or when it was ended on purpose. */
export async function fateOf(configPath: string): Promise<'alive' | 'gone' | 'hostRestarted' | null> {
  const record = await readRecord(configPath);
  if (record === null) return null;
  if (record.bootId !== readBootId()) return 'hostRestarted';
  return isSame(record) ? 'alive' : 'gone';
}

/** It was ended on purpose. */
export async function forgetStart(configPath: string): Promise<void> {
  await rm(recordPath(configPath), { force: true });
}

/** Ends them at once. Resolves when none is left, or after a while. */
export async function killProcesses(configPath: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (const one of await ownProcesses(configPath)) await send(one, 'SIGKILL');
  for (let waited = 0; waited < HARD_STOP_MS && !signal.aborted; waited += POLL_MS) {
    if ((await ownProcesses(configPath)).length === 0) return;
    await clock.sleep(POLL_MS, signal);
  }
}

/** Of processes that hand over: those that still run. A master that has not ended with the last of its workers is ended. */
export async function stillRunning(those: readonly HostProcess[]): Promise<readonly HostProcess[]> {
  const running = those.filter(isSame);
  const isMaster = ({ pid }: HostProcess): boolean => those.some(({ parent }) => parent === pid);
  const isLeft = (one: HostProcess): boolean => isMaster(one) && !running.some(({ parent }) => parent === one.pid);
  for (const master of running.filter(isLeft)) await send(master, 'SIGKILL');
  return running;
}

/** The pids of these. */
export async function processesOf(configPath: string): Promise<readonly number[]> {
  return (await ownProcesses(configPath)).map(({ pid }) => pid);
}

/** Remembers the master that was started with the configuration. */
export async function recordStart(configPath: string, pid: number): Promise<void> {
  const found = readStat(pid);
  if (found === null) return;
  const record: ProcessIdentity = { bootId: readBootId(), pid, startTicks: found.startTicks };
  await writeDurably(recordPath(configPath), `${JSON.stringify(record)}\n`);
}

/**
 * Ends them all: softly, then at once, then by force. Resolves when none is left.
 * @throws PortError `Unauthorized` for one that is another user's, `Transient` for one that does not end
 */
export async function endProcesses(configPath: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const steps: readonly { readonly kill: NodeJS.Signals; readonly waitMs: number }[] = [
    { kill: 'SIGUSR1', waitMs: SOFT_STOP_MS },
    { kill: 'SIGTERM', waitMs: HARD_STOP_MS },
    { kill: 'SIGKILL', waitMs: HARD_STOP_MS },
  ];
  for (const { kill, waitMs } of steps) {
    for (const one of await ownProcesses(configPath)) await send(one, kill);
    for (let waited = 0; waited < waitMs && !signal.aborted; waited += POLL_MS) {
      if ((await ownProcesses(configPath)).length === 0) return;
      await clock.sleep(POLL_MS, signal);
    }
  }
  const left = await ownProcesses(configPath);
  if (left.length === 0) return;
  throw new PortError(
    'Transient',
    'haproxyNotEnded',
    `HAProxy's processes ${left.map(({ pid }) => pid).join(', ')} have not ended`,
  );
}

/** @throws PortError `Unauthorized` when it is another user's */
export async function send(target: HostProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isSame(target)) return;
  try {
    kill(target.pid, signal);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return;
    if (errorCode(error) !== 'EPERM') throw error;
    throw new PortError(
      'Unauthorized',
      'haproxyNotEnded',
      `HAProxy's process ${target.pid} belongs to the user with id ${target.userId}, and Drover runs as ${geteuid?.()}: it cannot be ended. End it as that user`,
    );
  }
}

/** The configuration that an HAProxy's command line names, absolute; null when it is something else. */
export async function configurationOf(pid: number): Promise<string | null> {
  const words = commandLineOf(pid);
  const path = words[words.indexOf('-f') + 1];
  if (!words.includes('-W') || !words.includes('-f') || path === undefined) return null;
  const cwd = path.startsWith('/') ? '/' : (workingDirectoryOf(pid) ?? '/');
  return realPathOf(resolve(cwd, path));
}

async function runsWith(pid: number, realConfig: string): Promise<boolean> {
  return (await configurationOf(pid)) === realConfig;
}

/** Of a file that may be missing, in a folder that may be reached by symlinks. */
async function realPathOf(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/** Null when there is none, or only a zombie. */
function processAt(pid: number): HostProcess | null {
  const stat = readStat(pid);
  const userId = stat === null ? null : ownerOf(pid);
  return stat === null || userId === null ? null : { ...stat, userId };
}

async function readRecord(configPath: string): Promise<ProcessIdentity | null> {
  try {
    const record: unknown = JSON.parse((await readIfExists(recordPath(configPath))) ?? 'null');
    if (typeof record !== 'object' || record === null) return null;
    const { bootId: boot, pid, startTicks } = record as Partial<Record<string, unknown>>;
    if (typeof pid !== 'number' || typeof boot !== 'string') return null;
    // A text in the records of earlier versions.
    return { pid, startTicks: Number(startTicks), bootId: boot };
  } catch {
    // No record of ours: the command lines say it.
    return null;
  }
}

function recordPath(configPath: string): string {
  return join(dirname(configPath), RECORD);
}
