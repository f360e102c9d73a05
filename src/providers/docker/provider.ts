import { KeyedSerial } from '../../base/serial.ts';
import type { Machine } from '../../model/observation.ts';
import type { Clock } from '../../ports/clock.ts';
import { untilAborted, withDeadline } from '../../ports/deadline.ts';
import { asPortError, PortError } from '../../ports/errors.ts';
import type { LaunchRequest, MachineList, Provider, ProviderContext } from '../../ports/provider.ts';
import { Engine } from './engine.ts';
import { enginesOf } from './engine-settings.ts';
import { EventWatch } from './event-watch.ts';
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
  readonly #endings = new Map<string, Promise<void>>();
  /** Why endings have failed that nobody has been answered yet. */
  readonly #failedEndings = new Map<string, unknown>();
  readonly #watchers = new Set<() => void>();
  readonly #closed = new AbortController();
  #events: readonly EventWatch[] = [];

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
    return untilAborted(signal, async () => {
      const engines = [...this.#engines.values()];
      const lists = await Promise.allSettled(
        engines.map((engine) =>
          withDeadline(this.#clock, LIST_TIMEOUT_MS, signal, (bounded) => engine.list(bounded), engine.where),
        ),
      );
      const machines: Machine[] = [];
      const unseenZones = new Map<string, string>();
      let failure: unknown;
      for (const [index, list] of lists.entries()) {
        const zone = engines[index]?.zone ?? null;
        if (list.status === 'fulfilled') machines.push(...list.value);
        else {
          failure ??= list.reason;
          if (zone !== null) unseenZones.set(zone, asPortError(list.reason).message);
        }
      }
      if (lists.every(({ status }) => status === 'rejected')) throw failure;
      return { machines, unseenZones };
    });
  }

  terminate(machineId: string, signal: AbortSignal): Promise<void> {
    return untilAborted(signal, async () => {
      // One ending a machine, whoever asks for it: it keeps its stop timeout when a caller gives up and comes again.
      if (this.#endings.has(machineId)) return;
      const failure = this.#failedEndings.get(machineId);
      this.#failedEndings.delete(machineId);
      if (failure !== undefined) throw failure;
      const { engine, name } = this.#placeOf(machineId);
      const found = await engine.find(name, signal);
      if (found === null) throw this.#noMachine(machineId);
      if (!this.#endings.has(machineId)) this.#startToEnd(machineId, engine, name, found.tags.instanceId);
    });
  }

  watch(onChange: () => void): () => void {
    // A function of its own for each call, so that watching twice with the same one works.
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    if (this.#events.length === 0) {
      this.#events = [...this.#engines.values()].map(
        (engine) => new EventWatch(engine, this.#fleet, this.#clock, () => this.#notify()),
      );
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) void this.#stopEvents();
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#watchers.clear();
    await this.#stopEvents();
    await Promise.allSettled(this.#endings.values());
    for (const engine of this.#engines.values()) engine.close();
  }

  /** It goes on by itself: whoever wants to know asks again. */
  #startToEnd(machineId: string, engine: Engine, name: string, instanceId: string): void {
    const ending = this.#queue
      .run(instanceId, () => engine.end(name))
      .catch((error: unknown) => void this.#failedEndings.set(machineId, error))
      .finally(() => {
        this.#endings.delete(machineId);
        this.#notify();
      });
    this.#endings.set(machineId, ending);
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

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #stopEvents(): Promise<void> {
    const events = this.#events;
    this.#events = [];
    await Promise.all(events.map((one) => one.close()));
  }
}
