import type { Machine } from '../../../src/model/observation.ts';
import { PortError } from '../../../src/ports/errors.ts';
import type { LaunchRequest, MachineList, Provider } from '../../../src/ports/provider.ts';
import { type CallConditions, simulateCall } from './call.ts';
import { describe, type Machines } from './machines.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { SimZones } from './zones.ts';

export interface ProviderConditions {
  readonly launch: CallConditions;
  readonly list: CallConditions;
  readonly terminate: CallConditions;
  /** How often a list shows the past, and how far back at most. */
  staleLists: number;
  staleByMs: number;
  /** How often a list lacks one of the machines. */
  partialLists: number;
  /** How often it cannot be opened. */
  failsToOpen: number;
  /** How often the hint that a machine has stopped gets lost. */
  lostHints: number;
}

/** Told what is asked of the provider, when it is asked, and of each list that comes back. */
export interface ProviderWitness {
  launching(request: LaunchRequest): void;
  terminating(machineId: string): void;
  listed(): void;
  /** It is called although it has asked to be left alone for longer. */
  calledTooSoon(call: string): void;
}

export interface SimProviderOptions {
  readonly name: string;
  readonly fleet: string;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly machines: Machines;
  readonly zones: SimZones;
  readonly conditions: ProviderConditions;
  readonly witness: ProviderWitness;
}

/** Two lists that lack a machine within this time leave nobody a chance to know of it. */
const LACKED_FOR_MS = 180_000;

/** A provider over the machines of the simulated world: each controller gets its own, the machines stay. */
export class SimProvider implements Provider {
  readonly #options: SimProviderOptions;
  readonly #watchers = new Set<() => void>();
  readonly #unlisten: () => void;
  #abandoned = false;
  /** Until when it has asked its controller to be left alone. */
  #limitedSinceMs = 0;
  #limitedUntilMs = 0;
  /** When a list last lacked a machine that was there, by the machine's id. */
  readonly #lacked = new Map<string, number>();
  /** Those that are newer than the list before. */
  #lackedLast: ReadonlySet<string> = new Set();

  constructor(options: SimProviderOptions) {
    this.#options = options;
    this.#unlisten = options.machines.listen({ changed: (machine) => this.#hint(machine.answering) });
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    const { machines, zones, name: provider, fleet, witness } = this.#options;
    const { instanceId, group, placement } = request;
    witness.launching(request);
    return this.#call('launch', instanceId, signal, (late) => {
      const tooLate = late || this.#abandoned;
      this.#reach(placement.zone);
      // A launch token is not good for a second machine, once the first is gone and nobody asks any more.
      const known = machines.ofInstance(instanceId);
      if (known === undefined && zones.isFull(placement)) {
        throw new PortError('NoCapacity', 'zoneFull', `${placement.zone} has no room for ${placement.instanceType}`);
      }
      const machine =
        (tooLate ? machines.lastOfInstance(instanceId) : known) ??
        machines.launch({ fleet, provider, group, instanceId, zone: placement.zone }, tooLate);
      return describe(machine, machine.state === 'gone' ? 'stopped' : machine.state);
    });
  }

  async list(signal: AbortSignal): Promise<MachineList> {
    const { machines, zones, name, fleet, random, conditions, witness } = this.#options;
    const answer = await this.#call('list', '', signal, () => {
      const lagMs = random.chance(conditions.staleLists) ? random.int(1, conditions.staleByMs) : 0;
      const listed = machines.list(fleet, name, lagMs).filter(({ zone }) => !zones.isCut(zone));
      this.#noteOverlooked(listed);
      const lacking = random.chance(conditions.partialLists) ? random.pick([...listed, null]) : null;
      return { machines: this.#without(lacking, listed), unseenZones: zones.unseen };
    });
    witness.listed();
    return answer;
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    const { machines, fleet, witness } = this.#options;
    witness.terminating(machineId);
    return this.#call('terminate', machineId, signal, () => {
      const machine = machines.get(machineId);
      if (
        machine === undefined ||
        machine.state === 'gone' ||
        machine.fleet !== fleet ||
        machine.provider !== this.#options.name
      ) {
        throw new PortError('NotFound', 'machineNotFound', `there is no machine ${machineId}`);
      }
      this.#reach(machine.zone);
      machines.end(machine);
    });
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  async close(): Promise<void> {
    this.#unlisten();
    this.#watchers.clear();
  }

  /** Its controller has died. What it has asked for is carried out all the same. */
  abandon(): void {
    this.#abandoned = true;
    this.#unlisten();
    this.#watchers.clear();
  }

  /** @throws PortError where the zone is cut off */
  #reach(zone: string | null): void {
    if (!this.#options.zones.isCut(zone)) return;
    throw new PortError('Transient', 'zoneUnreachable', `${zone} cannot be reached: connect ETIMEDOUT`);
  }

  #noteOverlooked(listed: readonly Machine[]): void {
    const { machines, zones, name, fleet } = this.#options;
    const there = new Set(listed.map(({ id }) => id));
    const lacked = machines.list(fleet, name, 0).filter(({ id, zone }) => !there.has(id) && !zones.isCut(zone));
    for (const { id } of lacked) {
      const machine = machines.get(id);
      if (machine !== undefined && this.#lackedLast.has(id)) machine.overlooked = true;
    }
    this.#lackedLast = new Set(lacked.map(({ id }) => id));
  }

  #without(lacking: Machine | null, listed: readonly Machine[]): readonly Machine[] {
    const { machines, trace, clock } = this.#options;
    if (lacking === null) return listed;
    trace.note('provider', `list lacks ${lacking.id}`);
    const before = this.#lacked.get(lacking.id);
    const machine = machines.get(lacking.id);
    // Lists between the two may have been lost: for the controller these may be two in a row.
    if (machine !== undefined && before !== undefined && clock.elapsedMs - before < LACKED_FOR_MS)
      machine.hidden = true;
    this.#lacked.set(lacking.id, clock.elapsedMs);
    return listed.filter((one) => one !== lacking);
  }

  #call<T>(
    kind: 'launch' | 'list' | 'terminate',
    subject: string,
    signal: AbortSignal,
    effect: (late: boolean) => T,
  ): Promise<T> {
    const { clock, random, conditions, trace, witness } = this.#options;
    // What arrives in this very moment nobody has read yet.
    const isKnown = clock.elapsedMs > this.#limitedSinceMs;
    if (isKnown && clock.elapsedMs < this.#limitedUntilMs) witness.calledTooSoon(`${kind} ${subject}`);
    return simulateCall({
      clock,
      random,
      conditions: conditions[kind],
      signal,
      effect,
      // A request that was sent is carried out, whoever waits for the answer.
      outlivesCaller: true,
      onFault: (fault) => trace.note('provider', `${kind} ${subject} ${fault}`),
    }).catch((error: unknown) => {
      if (error instanceof PortError && error.retryAfterMs !== null) {
        if (clock.elapsedMs >= this.#limitedUntilMs) this.#limitedSinceMs = clock.elapsedMs;
        this.#limitedUntilMs = Math.max(this.#limitedUntilMs, clock.elapsedMs + error.retryAfterMs);
      }
      throw error;
    });
  }

  #hint(answering: boolean): void {
    const { random, conditions } = this.#options;
    if (answering || this.#watchers.size === 0 || random.chance(conditions.lostHints)) return;
    for (const watcher of this.#watchers) watcher();
  }
}
