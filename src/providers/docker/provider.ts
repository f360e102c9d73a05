import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted, withDeadline } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest, LogsWanted, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Endings } from '../endings.ts';
import type { Following } from '../following.ts';
import { Watchers } from '../watchers.ts';
import { listOfZones } from '../zone-lists.ts';
import { Engine } from './engine.ts';
import { enginesOf } from './engine-settings.ts';
import { followEvents } from './event-watch.ts';
import { readSettings } from './settings.ts';

/** One engine may not keep the others' machines from being listed. */
const LIST_TIMEOUT_MS = 10_000;

/** Servers as containers of Docker or Podman. How it works is in docs/providers/docker.md. */
export class DockerProvider implements Provider {
  readonly #fleet: string;
  readonly #clock: Clock;
  /** By zone. */
  readonly #engines: ReadonlyMap<string | null, Engine>;
  /** Of one machine one operation at a time. */
  readonly #queue = new KeyedSerial();
  readonly #endings = new Endings();
  readonly #watchers = new Watchers();
  readonly #closed = new AbortController();
  #events: readonly Following[] = [];

  constructor({ fleet, settings, clock }: ProviderContext) {
    this.#fleet = fleet;
    this.#clock = clock;
    const engines = enginesOf(settings).map((one) => new Engine(one, fleet, clock, this.#closed.signal));
    this.#engines = new Map(engines.map((engine) => [engine.zone, engine]));
  }

  launch(request: LaunchRequest, signal: AbortSignal): Promise<Machine> {
    return untilAborted(signal, async () => {
      const settings = readSettings(request.settings);
      const engine = this.#engineOf(request.placement.zone);
      return await this.#queue.run(request.instanceId, () => engine.launch(request, settings, signal));
    });
  }

  list(signal: AbortSignal): Promise<MachineList> {
    return untilAborted(signal, () =>
      listOfZones([...this.#engines.values()], (engine) =>
        withDeadline(this.#clock, LIST_TIMEOUT_MS, signal, (bounded) => engine.list(bounded), engine.where),
      ),
    );
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      if (this.#endings.isUnderWay(machineId)) return;
      const { engine, name } = this.#placeOf(machineId);
      const found = await engine.find(name, signal);
      if (found === null) throw this.#noMachine(machineId);
      const end = () => this.#queue.run(found.tags.instanceId, () => engine.end(name));
      this.#endings.start(machineId, end, () => this.#watchers.notify());
    });
  }

  async *logs(machineId: string, wanted: LogsWanted, signal: AbortSignal): AsyncGenerator<string> {
    const { engine, name } = this.#placeOf(machineId);
    if ((await engine.find(name, signal)) === null) throw this.#noMachine(machineId);
    yield* engine.logs(name, wanted, AbortSignal.any([signal, this.#closed.signal]));
  }

  watch(onChange: () => void): () => void {
    const stop = this.#watchers.add(onChange);
    if (this.#events.length === 0) {
      this.#events = [...this.#engines.values()].map((engine) =>
        followEvents(engine, this.#fleet, this.#clock, () => this.#watchers.notify()),
      );
    }
    return () => {
      stop();
      if (this.#watchers.isEmpty) void this.#stopEvents();
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
    await this.#stopEvents();
    await this.#endings.settled();
    for (const engine of this.#engines.values()) engine.close();
  }

  /** The first engine where the core names none: the only one, mostly. @throws PortError `Invalid` */
  #engineOf(zone: string | null): Engine {
    const engine = zone === null ? this.#engines.values().next().value : this.#engines.get(zone);
    if (engine !== undefined) return engine;
    throw new PortError(
      'Invalid',
      'noHost',
      `There is no host ${zone} in the provider's settings; add it, or correct zones.`,
    );
  }

  /** @throws PortError `NotFound` for an id that is no machine's of the fleet */
  #placeOf(machineId: string): { readonly engine: Engine; readonly name: string } {
    const at = machineId.indexOf(':');
    const engine = this.#engines.get(at === -1 ? null : machineId.slice(0, at));
    const name = machineId.slice(at + 1);
    if (engine === undefined || !name.startsWith(`drover.${this.#fleet}.`)) throw this.#noMachine(machineId);
    return { engine, name };
  }

  #noMachine(machineId: string): PortError {
    return new PortError('NotFound', 'noMachine', `There is no machine ${machineId} in the fleet ${this.#fleet}.`);
  }

  async #stopEvents(): Promise<void> {
    const events = this.#events;
    this.#events = [];
    await Promise.all(events.map((one) => one.close()));
  }
}
