import { z } from 'zod';
import type { Machine } from '../../src/model/observation.ts';
import { PortError } from '../../src/ports/errors.ts';
import {
  type LaunchRequest,
  type MachineList,
  type Provider,
  type ProviderType,
  wholeList,
} from '../../src/ports/provider.ts';
import { systemClock } from '../../src/system/clock.ts';

/** The environment variable with the port that `many-targets.ts` listens on. */
export const PORT_VARIABLE = 'DROVER_BENCH_PORT';

/** A loopback address for each machine. */
function addressOf(index: number): string {
  return `127.77.${index >> 8}.${index & 255}`;
}

const machines = new Map<string, Machine>();
const freeAddresses: string[] = [];
let addresses = 0;
const watchers = new Set<() => void>();

/** Machines that are addresses and nothing more, so that there can be thousands of them. They last as long as the controller. */
export const simulatedProvider: ProviderType = {
  name: 'simulated',
  capabilities: () => ({
    listIntervalMs: 1_000,
    listGapMs: 50,
    listLagMs: 0,
    concurrentOperations: 100,
    terminateTimeoutMs: 60_000,
    ports: 'assigned',
    zones: [],
    instanceTypes: false,
  }),
  settingsSchema: () => z.object({}),
  create: () => new SimulatedProvider(),
};

/** The oldest of them do not run any more: a share of all, from 0 to 1. */
export function stopMachines(share: number): void {
  for (const machine of [...machines.values()].slice(0, Math.round(machines.size * share)))
    machines.set(machine.id, { ...machine, state: 'stopped', detail: 'stopped by the benchmark' });
  for (const onChange of watchers) onChange();
}

class SimulatedProvider implements Provider {
  async launch({ instanceId, group }: LaunchRequest): Promise<Machine> {
    const known = machines.get(instanceId);
    if (known !== undefined) return known;
    const address = freeAddresses.pop() ?? addressOf(addresses++);
    const port = Number(process.env[PORT_VARIABLE]);
    const place = { addresses: [address], ports: [{ port, hostPort: port }] };
    const about = { launchedAt: systemClock.now(), zone: null, detail: '' };
    const machine: Machine = { id: instanceId, instanceId, group, state: 'running', ...place, ...about };
    machines.set(instanceId, machine);
    return machine;
  }

  async list(): Promise<MachineList> {
    return wholeList([...machines.values()]);
  }

  async terminate(machineId: string): Promise<void> {
    const address = machines.get(machineId)?.addresses[0];
    if (!machines.delete(machineId)) throw new PortError('NotFound', 'noMachine', `there is no ${machineId}`);
    if (address !== undefined) freeAddresses.push(address);
  }

  watch(onChange: () => void): () => void {
    watchers.add(onChange);
    return () => void watchers.delete(onChange);
  }

  async close(): Promise<void> {}
}
