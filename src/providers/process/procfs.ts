/**
 * What Linux tells about processes under /proc. `stat` is answered from the kernel's memory and read synchronously; `environ`
 * may wait for a process that hangs in the middle of a page fault and is therefore read asynchronously.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PortError } from '../../ports/errors.ts';

/** One process for good: a pid is used again, a pid together with its start time and the host's boot is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since the host's boot. */
  readonly startTicks: number;
  readonly bootId: string;
}

export interface ProcessStat {
  readonly pid: number;
  /** The pid of the process that started it, or of who took it over since. */
  readonly parent: number;
  /** The pid of the session's leader. */
  readonly session: number;
  readonly startTicks: number;
}

let bootId: string | null = null;

/** The host's boot, which no process sees change. @throws PortError `Unsupported` where there is no /proc. */
export function readBootId(): string {
  try {
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return bootId;
  } catch (cause) {
    throw new PortError('Unsupported', 'noProcfs', 'The process provider needs Linux with /proc mounted.', { cause });
  }
}

/** Null when the process is gone or a zombie. Throws when that cannot be told: blindness must not look like death. */
export function readStat(pid: number): ProcessStat | null {
  const text = orGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === null) return null;
  // The command's name in the second field may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return null;
  return { pid, parent: Number(fields[1]), session: Number(fields[3]), startTicks: Number(fields[19]) };
}

/** Every live process of the host. */
export function readStats(): readonly ProcessStat[] {
  const stats: ProcessStat[] = [];
  for (const name of readdirSync('/proc')) {
    const stat = /^[1-9]\d*$/.test(name) ? readStat(Number(name)) : null;
    if (stat !== null) stats.push(stat);
  }
  return stats;
}

/** True while this very process lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === readBootId() && isSame(identity);
}

/** Signals a process if it is still the one that was seen. Between the look and the signal lie microseconds. */
export function signalProcess(seen: ProcessStat, signal: NodeJS.Signals): void {
  if (!isSame(seen)) return;
  try {
    process.kill(seen.pid, signal);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return;
    const message = `Drover's user may not send ${signal} to pid ${seen.pid}: ${String(error)}`;
    throw new PortError('Unauthorized', 'notPermitted', message, { cause: error });
  }
}

export function isSame(seen: { readonly pid: number; readonly startTicks: number }): boolean {
  return readStat(seen.pid)?.startTicks === seen.startTicks;
}

/** The environment that a process of one of these users was started with; null for those of others and those that are gone. */
export async function readEnvironment(
  seen: ProcessStat,
  userIds: readonly number[],
): Promise<{ readonly userId: number; readonly variables: ReadonlyMap<string, string> } | null> {
  let text: string;
  try {
    text = await readFile(`/proc/${seen.pid}/environ`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errorCode(error))) return null;
    throw error;
  }
  const owner = orGone(() => statSync(`/proc/${seen.pid}`).uid);
  // Root may read everybody's: only those of the users that are asked for count, so that no other one can pass a process off as ours.
  if (owner === null || !userIds.includes(owner) || !isSame(seen)) return null;
  const variables = text.split('\0').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return { userId: owner, variables: new Map(variables) };
}

/** When a process started, in milliseconds since the epoch. Linux counts ticks of 10 ms towards programs, on all machines. */
export function startedAt(stat: { readonly startTicks: number }): number {
  const bootSeconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  return Number(bootSeconds ?? 0) * 1000 + stat.startTicks * 10;
}

/** The code of a system error (`ENOENT`); empty for any other. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function orGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errorCode(error))) return null;
    throw error;
  }
}
