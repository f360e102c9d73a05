import { z } from 'zod';
import { PortError } from '../../src/ports/errors.ts';
import type { LaunchRequest, Machine, Provider, ProviderType } from '../../src/ports/provider.ts';
import { systemClock } from '../../src/system/clock.ts';

/** The environment variable with the port that `many-targets.ts` listens on. */
export const PORT_VARIABLE = 'DROVER_BENCH_PORT';

/** A loopback address for each machine. */
export function addressOf(index: number): string {
  return `127.77.${index >> 8}.${index & 255}`;
}

/** Machines that are addresses and nothing more, so that there can be a thousand of them. They last as long as the controller. */
export const simulatedProvider: ProviderType = {
  name: 'simulated',
  capabilities: { listIntervalMs: 1_000, listGapMs: 50, listLagMs: 0, concurrentOperations: 100 },
  settingsSchema: () => z.object({}),
  create: () => new SimulatedProvider(),
};

class SimulatedProvider implements Provider {
  readonly #machines = new Map<string, Machine>();
  #launched = 0;

  async launch({ instanceId, group }: LaunchRequest): Promise<Machine> {
    const known = this.#machines.get(instanceId);
    if (known !== undefined) return known;
    const endpoint = { address: addressOf(this.#launched), port: Number(process.env[PORT_VARIABLE]) };
    this.#launched += 1;
    const launchedAt = systemClock.now();
    const machine = {
      id: instanceId,
      instanceId,
      group,
      state: 'running',
      endpoint,
      launchedAt,
      processId: null,
      detail: '',
    } as const;
    this.#machines.set(instanceId, machine);
    return machine;
  }

  async list(): Promise<readonly Machine[]> {
    return [...this.#machines.values()];
  }

  async terminate(machineId: string): Promise<void> {
    if (!this.#machines.delete(machineId)) throw new PortError('NotFound', 'noMachine', `there is no ${machineId}`);
  }

  watch(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {}
}
