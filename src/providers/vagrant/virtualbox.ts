import type { HostedMachine, Hypervisor, RunTool } from './hypervisor.ts';
import type { MachineRecord } from './record.ts';

const PROGRAM = 'VBoxManage';

/** VirtualBox, by two short programs a list. */
export class VirtualBox implements Hypervisor {
  readonly #run: RunTool;

  constructor(run: RunTool) {
    this.#run = run;
  }

  async observe(machines: readonly MachineRecord[], signal: AbortSignal): Promise<ReadonlyMap<string, HostedMachine>> {
    // In this order: one that is started in between is one that exists and does not run yet, not one that runs and does not exist.
    const all = machinesIn(await this.#run([PROGRAM, 'list', 'vms'], signal));
    const running = machinesIn(await this.#run([PROGRAM, 'list', 'runningvms'], signal));
    return new Map(
      machines.flatMap(({ name }): [string, HostedMachine][] => {
        if (!all.has(name)) return [];
        const isRunning = running.has(name);
        return [[name, { isRunning, detail: isRunning ? '' : 'the VM does not run', addresses: [] }]];
      }),
    );
  }

  async idOf(name: string, signal: AbortSignal): Promise<string> {
    return machinesIn(await this.#run([PROGRAM, 'list', 'vms'], signal)).get(name) ?? '';
  }

  async sweep(): Promise<void> {
    // VirtualBox deletes disks with their machine.
  }
}

/** @param text of `VBoxManage list vms`: a name in quotes and an id in braces, one machine a line */
export function machinesIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const [, name, id] = /^"(.*)" \{([0-9a-f-]{36})\}$/.exec(line) ?? [];
      return name === undefined || id === undefined ? [] : [[name, id]];
    }),
  );
}
