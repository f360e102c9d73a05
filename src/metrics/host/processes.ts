import type { MeasuredServer } from '../../ports/metric-source.ts';
import type { Measured } from './average.ts';
import { uptimeMs, usageOf } from './procfs.ts';

/** Servers that are processes of this host, each with all processes of its session. */
export function lookAtProcesses(servers: readonly MeasuredServer[]): Measured {
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

function failureOf({ instanceId, pid }: MeasuredServer): string {
  return pid === null
    ? `${instanceId} is no process of this host; exporterPort is needed`
    : `the process ${pid} of ${instanceId} is gone`;
}
