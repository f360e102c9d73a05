import { reasonOf } from '../../base/quoted.ts';
import type { InstanceId } from '../../model/instance.ts';
import { isDefect } from '../../ports/errors.ts';
import type { MeasuredServer } from '../../ports/metric-source.ts';
import type { Measured } from './average.ts';
import type { CpuTime } from './cpu-share.ts';
import { type MachineUsage, type ScrapeOptions, scrape } from './exporter.ts';

/** Scrapes that are under way at once. */
const MAX_SCRAPES = 16;

/** Servers that are machines with a node_exporter each. */
export async function measureExporters(
  servers: readonly MeasuredServer[],
  how: ScrapeOptions,
  signal: AbortSignal,
): Promise<Measured> {
  const found: { readonly id: InstanceId; readonly usage: MachineUsage }[] = [];
  const failures = new Map<InstanceId, string>();
  const waiting = servers.values();
  const work = async () => {
    for (const { instanceId: id, address } of waiting) {
      signal.throwIfAborted();
      if (address === null) {
        failures.set(id, `${id} has no address`);
        continue;
      }
      try {
        found.push({ id, usage: await scrape(address, how, signal) });
      } catch (error) {
        if (isDefect(error)) throw error;
        failures.set(id, reasonOf(error));
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_SCRAPES }, work));
  signal.throwIfAborted();
  return {
    cpu: new Map(found.flatMap(({ id, usage }) => cpuTime(id, usage))),
    memoryMiB: new Map(found.flatMap(({ id, usage }) => (usage.memoryMiB === null ? [] : [[id, usage.memoryMiB]]))),
    load: new Map(found.flatMap(({ id, usage }) => (usage.load === null ? [] : [[id, usage.load]]))),
    failures,
  };
}

/** Time as the CPUs themselves count it: the share is that of the whole machine, however many it has. */
function cpuTime(id: InstanceId, { cpu }: MachineUsage): (readonly [InstanceId, CpuTime])[] {
  if (cpu === null) return [];
  const busySeconds = cpu.totalSeconds - cpu.idleSeconds;
  return [[id, { life: '', busyMs: busySeconds * 1000, atMs: cpu.totalSeconds * 1000 }]];
}
