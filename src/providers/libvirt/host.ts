import { whyFailed } from '../../base/run-program.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { addressesByMac } from './addresses.ts';
import { isNoDomain, virshError } from './errors.ts';
import type { HostSettings } from './settings.ts';
import { type DomainState, machineState, parseStates } from './states.ts';
import { diskVolume, macOf, mayBeOf, seedVolume, TAG_NAMESPACE, type Tags, tagsIn } from './tags.ts';
import { Virsh } from './virsh.ts';

const STATES = 'domstats --raw --state';

/** One host and the fleet's machines on it. */
export class Host {
  readonly zone: string | null;
  readonly virsh: Virsh;
  readonly #fleet: string;
  /** Of machines that were launched, by domain: these do not change. */
  readonly #tags = new Map<string, Tags>();
  /** Machines that this provider launches now: off is what they are not yet. */
  readonly #launching = new Set<string>();

  constructor(settings: HostSettings, fleet: string, clock: Clock) {
    this.zone = settings.zone;
    this.virsh = new Virsh(settings, clock);
    this.#fleet = fleet;
  }

  /** The provider's id of a machine: its domain, after its host where there are several. */
  machineId(name: string): string {
    return this.zone === null ? name : `${this.zone}:${name}`;
  }

  /**
   * Runs a launch, during which the domain may be off without having stopped.
   */
  async launching<T>(name: string, run: () => Promise<T>): Promise<T> {
    this.#launching.add(name);
    try {
      return await run();
    } finally {
      this.#launching.delete(name);
    }
  }

  /** All machines of the fleet. @throws PortError rather than return a part of them */
  async list(signal: AbortSignal): Promise<readonly Machine[]> {
    const known = this.#networks();
    const printed = await this.virsh.several([...known.map(leasesOf), STATES], signal);
    const states = new Map([...parseStates(printed.at(-1) ?? '')].filter(([name]) => mayBeOf(this.#fleet, name)));
    for (const name of this.#tags.keys()) if (!states.has(name)) this.#tags.delete(name);
    const tags = await this.#tagsOf([...states.keys()], signal);
    const running = [...tags.keys()].filter((name) => machineState(states.get(name) ?? OFF).state === 'running');
    const leases = await this.#leases(new Map(known.map((network, index) => [network, printed[index] ?? ''])), signal);
    const seen = addressesByMac([...leases, ...(await this.#askedOf(running, tags, signal))].join('\n'));
    return [...tags].map(([name, tag]) => this.#machine(name, tag, states.get(name) ?? OFF, seen));
  }

  /** The tags of a domain, read anew; null where there is no such domain, or none that is Drover's. */
  async tagsOf(name: string, signal: AbortSignal): Promise<Tags | null> {
    const end = await this.virsh.tried(['metadata', name, TAG_NAMESPACE], signal);
    if (whyFailed(end) === null) return await tagsIn(end.output, this.#fleet, name);
    if (isNoDomain(end.complaint) || /metadata not found|metadata element .*not present/i.test(end.complaint))
      return null;
    throw virshError(`virsh metadata on ${this.virsh.where}`, end.complaint);
  }

  /** A domain's state; null where there is no such domain. */
  async stateOf(name: string, signal: AbortSignal): Promise<DomainState | null> {
    const end = await this.virsh.tried(['domstats', '--raw', '--state', name], signal);
    if (whyFailed(end) === null) return parseStates(end.output).get(name) ?? null;
    if (isNoDomain(end.complaint)) return null;
    throw virshError(`virsh domstats on ${this.virsh.where}`, end.complaint);
  }

  /** A machine without its addresses: those come with the list. */
  machine(name: string, tags: Tags, state: DomainState): Machine {
    return this.#machine(name, tags, state, new Map());
  }

  /** Takes away all that there is of a machine that is off: its volumes first, so that its tags last as long as anything. */
  async remove(name: string, { pool }: Tags, signal: AbortSignal): Promise<void> {
    if (pool !== '') {
      for (const volume of [diskVolume(name), seedVolume(name)]) await this.#deleteVolume(pool, volume, signal);
    }
    const options = ['--managed-save', '--snapshots-metadata', '--checkpoints-metadata', '--nvram'];
    const end = await this.virsh.tried(['undefine', name, ...options], signal);
    if (whyFailed(end) !== null && !isNoDomain(end.complaint)) {
      throw virshError(`virsh undefine on ${this.virsh.where}`, end.complaint);
    }
    this.#tags.delete(name);
  }

  async #deleteVolume(pool: string, volume: string, signal: AbortSignal): Promise<void> {
    const end = await this.virsh.tried(['vol-delete', '--pool', pool, volume], signal);
    if (whyFailed(end) === null || /failed to get vol|not found|no such file/i.test(end.complaint)) return;
    throw virshError(`virsh vol-delete of ${volume} on ${this.virsh.where}`, end.complaint);
  }

  #networks(): readonly string[] {
    return [...new Set([...this.#tags.values()].map(({ network }) => network))].filter((network) => network !== '');
  }

  /** What is printed of the leases of all networks: those that were asked already are not asked again, unless that has failed. */
  async #leases(printed: ReadonlyMap<string, string>, signal: AbortSignal): Promise<readonly string[]> {
    const all: string[] = [];
    for (const network of this.#networks()) {
      const text = printed.get(network)?.trim() ?? '';
      all.push(text === '' ? await this.virsh.run(leasesOf(network).split(' '), signal) : text);
    }
    return all;
  }

  /** What is printed of the addresses of machines that are asked one by one: nothing of one that does not answer. */
  async #askedOf(
    names: readonly string[],
    tags: ReadonlyMap<string, Tags>,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const commands = names.flatMap((name) => {
      const source = tags.get(name)?.addressFrom ?? 'lease';
      return source === 'lease' ? [] : [`domifaddr ${name} --source ${source}`];
    });
    // The last decides whether there was a connection at all.
    return commands.length === 0 ? [] : await this.virsh.several([...commands, 'version'], signal);
  }

  /** The tags of all of these that are the fleet's machines. */
  async #tagsOf(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Tags>> {
    const unknown = names.filter((name) => !this.#tags.has(name));
    const commands = unknown.map((name) => `metadata ${name} ${TAG_NAMESPACE}`);
    const printed = commands.length === 0 ? [] : await this.virsh.several([...commands, 'version'], signal);
    const found = new Map<string, Tags>();
    for (const name of names) {
      const known = this.#tags.get(name);
      const text = printed[unknown.indexOf(name)]?.trim() ?? '';
      // Nothing may mean that it has no tags, or that it could not be asked.
      const tags = known ?? (text === '' ? await this.tagsOf(name, signal) : await tagsIn(text, this.#fleet, name));
      if (tags === null) continue;
      found.set(name, tags);
      if (tags.phase === 'launched') this.#tags.set(name, tags);
    }
    return found;
  }

  #machine(name: string, tags: Tags, state: DomainState, seen: ReadonlyMap<string, readonly string[]>): Machine {
    const { instanceId, group, launchedAt, phase } = tags;
    const about = { id: this.machineId(name), instanceId, group, launchedAt, zone: this.zone, ports: null };
    const machine = machineState(state);
    if (machine.state === 'running')
      return { ...about, ...machine, addresses: seen.get(macOf(name, launchedAt)) ?? [] };
    if (phase === 'launching' || this.#launching.has(name)) {
      return { ...about, state: 'pending', detail: 'it is being made', addresses: [] };
    }
    return { ...about, ...machine, addresses: [] };
  }
}

/** Of a domain that was there a moment ago. */
const OFF: DomainState = { state: 5, reason: 0 };

function leasesOf(network: string): string {
  return `net-dhcp-leases ${network}`;
}
