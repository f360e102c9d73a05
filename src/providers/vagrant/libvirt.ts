import type { HostedMachine, Hypervisor, RunTool } from './hypervisor.ts';
import { LeftNetworks } from './left-networks.ts';
import type { MachineRecord } from './record.ts';

/** https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainState */
const STATES: ReadonlyMap<number, string> = new Map([
  [1, 'running'],
  [2, 'blocked'],
  [3, 'paused'],
  [4, 'being shut down'],
  [5, 'shut off'],
  [6, 'crashed'],
  [7, 'suspended'],
]);
/** `virDomainShutoffReason`: 3 is "crashed". */
const SHUT_OFF_BY_CRASH = '5 3';
const RUNNING: readonly number[] = [1, 2, 4];
const PROMPT = /^virsh # (?:\S+ )*?(\S+)$/;

/** libvirt, by one virsh for all machines (about 15 ms, and a few more for each machine whose address libvirt gives out). */
export class Libvirt implements Hypervisor {
  readonly #uri: string;
  readonly #run: RunTool;
  readonly #networks: LeftNetworks;

  /** @param folder for notes about the whole host, in the data folder */
  constructor(uri: string, folder: string, run: RunTool) {
    this.#uri = uri;
    this.#run = run;
    this.#networks = new LeftNetworks(folder, uri, run);
  }

  async observe(machines: readonly MachineRecord[], signal: AbortSignal): Promise<ReadonlyMap<string, HostedMachine>> {
    const states = domainStates(await this.#virsh(signal, 'domstats', '--state'));
    const unaddressed = machines.filter(
      ({ name, address }) => address === null && states.get(name)?.isRunning === true,
    );
    const addresses = await this.#addresses(
      unaddressed.map(({ name }) => name),
      signal,
    );
    return new Map(
      machines.flatMap(({ name }): [string, HostedMachine][] => {
        const state = states.get(name);
        return state === undefined ? [] : [[name, { ...state, addresses: addresses.get(name) ?? [] }]];
      }),
    );
  }

  async idOf(name: string, signal: AbortSignal): Promise<string> {
    return (await this.#virsh(signal, 'domuuid', name)).trim();
  }

  /** The disk of a domain that never came to be keeps the next one of that name from being made. */
  async sweep(name: string, machineFolder: string, signal: AbortSignal): Promise<void> {
    await this.#networks.sweep(machineFolder, name, signal);
    const pools = rows(await this.#virsh(signal, 'pool-list', '--name')).filter((pool) => pool !== '');
    const disk = new RegExp(`^${name.replaceAll('.', '\\.')}(?:_\\d+|-vd[b-z])?\\.(?:img|qcow2)$`);
    for (const pool of pools) {
      const volumes = rows(await this.#virsh(signal, 'vol-list', pool)).map((row) => row.trim().split(/\s+/)[0] ?? '');
      for (const volume of volumes.filter((one) => disk.test(one))) {
        await this.#virsh(signal, 'vol-delete', '--pool', pool, volume);
      }
    }
  }

  /** By virsh's standard input, so that one of it does for all: names have none of the characters that mean something there. */
  async #addresses(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    if (names.length === 0) return new Map();
    const input = names.map((name) => `domifaddr ${name}\n`).join('');
    const found = new Map<string, string[]>();
    let name = '';
    for (const row of rows(await this.#run(['virsh', '--quiet', '--connect', this.#uri], signal, input))) {
      name = PROMPT.exec(row)?.[1] ?? name;
      const [, address] = /\bipv4\s+([0-9.]+)\//.exec(row) ?? [];
      if (address !== undefined) found.set(name, [...(found.get(name) ?? []), address]);
    }
    return found;
  }

  #virsh(signal: AbortSignal, ...words: readonly string[]): Promise<string> {
    return this.#run(['virsh', '--quiet', '--connect', this.#uri, ...words], signal);
  }
}

type DomainState = Pick<HostedMachine, 'isRunning' | 'detail'>;

/** @param text of `virsh domstats --state`: for each domain its name and, indented, `state.state` and `state.reason` */
export function domainStates(text: string): ReadonlyMap<string, DomainState> {
  const found = new Map<string, DomainState>();
  for (const block of text.split(/^Domain: /m).slice(1)) {
    const [, name] = /^'(.*)'$/m.exec(block) ?? [];
    const [, state] = /^\s*state\.state=(\d+)$/m.exec(block) ?? [];
    const [, reason = ''] = /^\s*state\.reason=(\d+)$/m.exec(block) ?? [];
    if (name === undefined || state === undefined) continue;
    const isRunning = RUNNING.includes(Number(state));
    const crashed = `${state} ${reason}` === SHUT_OFF_BY_CRASH ? ' after a crash' : '';
    const detail = isRunning ? '' : `the domain is ${STATES.get(Number(state)) ?? 'in an unknown state'}${crashed}`;
    found.set(name, { isRunning, detail });
  }
  return found;
}

function rows(text: string): readonly string[] {
  return text.split('\n').map((row) => row.trimEnd());
}
