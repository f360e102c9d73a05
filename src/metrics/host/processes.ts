import { type ProcessStat, readProcess, readStats, uptimeMs } from '../../base/procfs.ts';
import type { MeasuredServer } from '../../ports/metric-source.ts';
import { Missing } from '../source.ts';
import type { Measured } from './average.ts';

/** One server: its process and all that it has started and that stayed in its session. */
interface ServerUsage {
  /** Tells a process from a later one with the same pid. */
  readonly startTicks: number;
  /** CPU time since the start, of those that ended too where they were waited for. */
  readonly cpuMs: number;
  /** Resident memory; pages that are shared count for each process. */
  readonly memoryMiB: number;
}

/** Servers that are processes of this host, each with all processes of its session. @throws Missing where there is no /proc */
export function measureProcesses(servers: readonly MeasuredServer[]): Measured {
  const usage = usageOf(servers.flatMap(({ pid }) => pid ?? []));
  const atMs = uptimeMs();
  const found = servers.map((server) => ({ server, usage: server.pid === null ? undefined : usage.get(server.pid) }));
  return {
    cpu: new Map(
      found.flatMap(({ server, usage }) =>
        usage === undefined
          ? []
          : [[server.instanceId, { life: `${server.pid} ${usage.startTicks}`, busyMs: usage.cpuMs, atMs }] as const],
      ),
    ),
    memoryMiB: new Map(
      found.flatMap(({ server, usage }) => (usage === undefined ? [] : [[server.instanceId, usage.memoryMiB]])),
    ),
    load: new Map(),
    failures: new Map(
      found.flatMap(({ server, usage }) => (usage === undefined ? [[server.instanceId, failureOf(server)]] : [])),
    ),
  };
}

/** The use of each server's session; servers whose process is gone are left out. */
function usageOf(pids: readonly number[]): ReadonlyMap<number, ServerUsage> {
  const wanted = new Set(pids);
  const usage = new Map<number, ServerUsage>();
  const processes = hostProcesses();
  for (const { pid, startTicks } of processes) {
    if (wanted.has(pid)) usage.set(pid, { startTicks, cpuMs: 0, memoryMiB: 0 });
  }
  for (const { pid, session, cpuMs } of processes) {
    const server = usage.get(session);
    if (server === undefined) continue;
    const memoryMiB = server.memoryMiB + residentMiB(pid);
    usage.set(session, { ...server, cpuMs: server.cpuMs + cpuMs, memoryMiB });
  }
  return usage;
}

function hostProcesses(): readonly ProcessStat[] {
  try {
    return readStats();
  } catch {
    throw new Missing('failed', 'processes can only be measured on Linux with /proc mounted');
  }
}

function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readProcess(pid, 'status') ?? '')?.[1];
  return Number(kib ?? 0) / 1024;
}

function failureOf({ instanceId, pid }: MeasuredServer): string {
  return pid === null
    ? `${instanceId} is no process of this host; exporterPort is needed`
    : `the process ${pid} of ${instanceId} is gone`;
}
