import { z } from 'zod';
import { PortError } from '../../ports/errors.ts';
import type { HostedMachine, Hypervisor, RunTool } from './hypervisor.ts';
import type { MachineRecord } from './record.ts';

export const FLEET_LABEL = 'drover.vagrant.fleet';

const inspected = z.object({
  // With a slash before it.
  Name: z.string(),
  State: z.object({ Status: z.string(), Running: z.boolean(), ExitCode: z.number(), OOMKilled: z.boolean() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })) }),
});
type Inspected = z.infer<typeof inspected>;

/** A container engine: two short programs a list, of about 10 ms each. */
export class Docker implements Hypervisor {
  readonly #fleet: string;
  readonly #run: RunTool;

  constructor(fleet: string, run: RunTool) {
    this.#fleet = fleet;
    this.#run = run;
  }

  async observe(machines: readonly MachineRecord[], signal: AbortSignal): Promise<ReadonlyMap<string, HostedMachine>> {
    const names = new Set(machines.map(({ name }) => name));
    const list = ['docker', 'ps', '--all', '--no-trunc', '--quiet', '--filter', `label=${FLEET_LABEL}=${this.#fleet}`];
    const ids = (await this.#run(list, signal)).split('\n').filter((id) => id !== '');
    if (ids.length === 0) return new Map();
    // One line for each container; one that has gone meanwhile is none.
    const text = await this.#run(
      ['docker', 'inspect', '--type', 'container', '--format', '{{json .}}', ...ids],
      signal,
    );
    return new Map(
      containers(text).flatMap((container): [string, HostedMachine][] => {
        const name = container.Name.replace(/^\//, '');
        return names.has(name) ? [[name, asMachine(container)]] : [];
      }),
    );
  }

  async idOf(name: string, signal: AbortSignal): Promise<string> {
    const text = await this.#run(['docker', 'inspect', '--type', 'container', '--format', '{{.Id}}', name], signal);
    return text.trim();
  }

  async sweep(): Promise<void> {
    // A container has nothing beside itself; Vagrant removes networks that nobody uses.
  }
}

function containers(text: string): readonly Inspected[] {
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => inspected.parse(JSON.parse(line)));
  } catch (cause) {
    const message = 'docker inspect answers what cannot be understood; a newer or older docker may help';
    throw new PortError('Transient', 'dockerAnswer', message, { cause });
  }
}

function asMachine({ State, NetworkSettings }: Inspected): HostedMachine {
  const addresses = Object.values(NetworkSettings.Networks).flatMap(({ IPAddress }) =>
    IPAddress === '' ? [] : [IPAddress],
  );
  const why = State.OOMKilled ? ', out of memory' : '';
  const detail = State.Running ? '' : `the container is ${State.Status} (exit code ${State.ExitCode}${why})`;
  return { isRunning: State.Running, detail, addresses };
}
