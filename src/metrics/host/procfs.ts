/** What Linux tells about processes under /proc, from the kernel's memory: the reads do not wait. */

import { readdirSync, readFileSync } from 'node:fs';
import { Missing } from '../source.ts';

/** Linux counts ticks of 10 ms towards programs, on all machines. */
const TICK_MS = 10;

/** One server: its process and all that it has started and that stayed in its session. */
export interface ServerUsage {
  /** Tells a process from a later one with the same pid. */
  readonly startTicks: number;
  /** CPU time since the start, of those that ended too where they were waited for. */
  readonly cpuMs: number;
  /** Resident memory; pages that are shared count for each process. */
  readonly memoryMiB: number;
}

/** The use of each server's session; servers whose process is gone are left out. @throws Missing where there is no /proc. */
export function usageOf(pids: readonly number[]): ReadonlyMap<number, ServerUsage> {
  const wanted = new Set(pids);
  const usage = new Map<number, ServerUsage>();
  const members = processIds().flatMap((pid) => statOf(pid) ?? []);
  for (const { pid, startTicks } of members) {
    if (wanted.has(pid)) usage.set(pid, { startTicks, cpuMs: 0, memoryMiB: 0 });
  }
  for (const { pid, session, cpuTicks } of members) {
    const server = usage.get(session);
    if (server === undefined) continue;
    usage.set(session, {
      ...server,
      cpuMs: server.cpuMs + cpuTicks * TICK_MS,
      memoryMiB: server.memoryMiB + residentMiB(pid),
    });
  }
  return usage;
}

/** Since the host's start: a clock that nobody sets. */
export function uptimeMs(): number {
  return Number(read('/proc/uptime')?.split(' ')[0]) * 1000;
}

/** The mean number of processes that ran or wanted to, over the last minute. */
export function loadAverage(): number {
  return Number.parseFloat(read('/proc/loadavg') ?? '');
}

interface Stat {
  readonly pid: number;
  readonly session: number;
  readonly startTicks: number;
  readonly cpuTicks: number;
}

/** Null for a process that is gone or a zombie. */
function statOf(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The command's name in the second field may itself hold blanks and parentheses; what follows begins with field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  const field = (number: number) => Number(fields[number - 3]);
  const cpuTicks = field(14) + field(15) + field(16) + field(17);
  return { pid, session: field(6), startTicks: field(22), cpuTicks };
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kib ?? 0) / 1024;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number);
  } catch {
    throw new Missing('failed', 'processes can only be measured on Linux with /proc mounted');
  }
}

/** Null for what is gone. */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
