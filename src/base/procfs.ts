/**
 * What Linux says about processes under /proc. Most of it is answered from the kernel's memory and read in place; `environ`
 * may wait for a process that hangs in the middle of a page fault and is therefore read asynchronously.
 */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorCode } from './system-error.ts';

/** One process until the host starts anew: a pid is used again, a pid with its start time is not. */
export interface ProcessStart {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since the host's boot. */
  readonly startTicks: number;
}

/** One process for good. */
export interface ProcessIdentity extends ProcessStart {
  readonly bootId: string;
}

export interface ProcessStat extends ProcessStart {
  /** The pid of the process that started it, or of who took it over since. */
  readonly parent: number;
  /** The pid of the session's leader. */
  readonly session: number;
  /** CPU time since its start, with that of its children that ended and were waited for. */
  readonly cpuMs: number;
}

/** Linux counts ticks of 10 ms towards programs, on all machines. */
const TICK_MS = 10;

/** The ports that the kernel gives to outgoing connections; null where it does not say. */
export function outgoingPorts(): { readonly from: number; readonly to: number } | null {
  try {
    const [from, to] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
    return from === undefined || to === undefined ? null : { from, to };
  } catch {
    return null;
  }
}

let bootId: string | null = null;

/** The host's boot, which no process sees change. @throws an error of the system where there is no /proc */
export function readBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** Null when the process is gone or a zombie. Throws when that is unknown: blindness must not look like death. */
export function readStat(pid: number): ProcessStat | null {
  const text = readProcess(pid, 'stat');
  if (text === null) return null;
  // The command's name in the second field may itself hold blanks and parentheses; what follows begins with field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const field = (number: number) => Number(fields[number - 3]);
  const cpuMs = (field(14) + field(15) + field(16) + field(17)) * TICK_MS;
  return { pid, parent: field(4), session: field(6), startTicks: field(22), cpuMs };
}

/** Every live process of the host. @throws an error of the system where there is no /proc */
export function readStats(): readonly ProcessStat[] {
  const stats: ProcessStat[] = [];
  for (const name of readdirSync('/proc')) {
    const stat = /^[1-9]\d*$/.test(name) ? readStat(Number(name)) : null;
    if (stat !== null) stats.push(stat);
  }
  return stats;
}

/** Whether this very process lives; only for one that was seen since the host's boot. */
export function isSame({ pid, startTicks }: ProcessStart): boolean {
  return readStat(pid)?.startTicks === startTicks;
}

/** Whether this very process lives, whenever it was seen. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === readBootId() && isSame(identity);
}

/** Who it runs as; null when it is gone. */
export function ownerOf(pid: number): number | null {
  return orGone(() => statSync(`/proc/${pid}`).uid);
}

/** A file of a process, as `status` and `comm`; null when it is gone. */
export function readProcess(pid: number, file: string): string | null {
  return orGone(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
}

/** The words of a process's command line; none when it has ended, or cannot be read. */
export function commandLineOf(pid: number): readonly string[] {
  return unlessHidden(() => readProcess(pid, 'cmdline')?.split('\0')) ?? [];
}

/** Its working directory; null when it has ended, or cannot be read. */
export function workingDirectoryOf(pid: number): string | null {
  return unlessHidden(() => readlinkSync(`/proc/${pid}/cwd`)) ?? null;
}

/** The environment that a process of one of these users was started with; null for those of others and those that are gone. */
export async function readEnvironment(
  seen: ProcessStart,
  userIds: readonly number[],
): Promise<{ readonly userId: number; readonly variables: ReadonlyMap<string, string> } | null> {
  let text: string;
  try {
    text = await readFile(`/proc/${seen.pid}/environ`, 'utf8');
  } catch (error) {
    if ([...GONE, ...HIDDEN].includes(errorCode(error))) return null;
    throw error;
  }
  const owner = ownerOf(seen.pid);
  // Root may read everybody's: only those of the users that are asked for count, so that no other one can pass a process off as ours.
  if (owner === null || !userIds.includes(owner) || !isSame(seen)) return null;
  const variables = text.split('\0').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return { userId: owner, variables: new Map(variables) };
}

/** When a process started, in milliseconds since the epoch. */
export function startedAt({ startTicks }: ProcessStart): number {
  const bootSeconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  return Number(bootSeconds ?? 0) * 1000 + startTicks * TICK_MS;
}

/** Since the host's start: a clock that nobody sets. */
export function uptimeMs(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
}

/** The mean number of processes that ran or wanted to, over the last minute. */
export function loadAverage(): number {
  return Number.parseFloat(readFileSync('/proc/loadavg', 'utf8'));
}

const GONE = ['ENOENT', 'ESRCH'];
const HIDDEN = ['EACCES', 'EPERM'];

function orGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (GONE.includes(errorCode(error))) return null;
    throw error;
  }
}

/** Undefined for what is gone, or another user's. */
function unlessHidden<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ([...GONE, ...HIDDEN].includes(errorCode(error))) return undefined;
    throw error;
  }
}
