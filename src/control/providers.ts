import type { Sightings, Throttled, View } from '../decide/snapshot.ts';
import type { ProviderInstance } from '../model/fleet.ts';
import type { Failure } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import { asFailure } from '../ports/errors.ts';
import type { Ids } from '../ports/ids.ts';
import type { Provider } from '../ports/provider.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { ProviderStatus } from '../views/status.ts';
import type { Concerned } from './concerned.ts';
import type { OpenedProvider } from './controller-options.ts';
import { keepRunning, type OnDefect } from './defects.ts';
import { MachineWatch } from './machine-watch.ts';
import { Operations } from './operations.ts';
import type { RunningProvider } from './reconcile.ts';
import { Throttle } from './throttle.ts';

export interface ProvidersOptions {
  /** May throw: it is tried again. */
  readonly open: (instance: ProviderInstance) => OpenedProvider;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  /** A provider's machines were listed, or could not be. */
  readonly onSeen: (changed: Concerned, watch: MachineWatch) => void;
  /** Whether a group waits for the next list of a provider. */
  readonly isAwaited: (provider: string) => boolean;
  readonly onDefect: OnDefect;
}

interface OpenProvider {
  readonly instance: ProviderInstance;
  readonly zones: readonly string[];
  readonly provider: Provider;
  readonly watch: MachineWatch;
  readonly operations: Operations;
  readonly throttle: Throttle;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** The provider instances that are open, each with the watch over its machines and the operations on them. To ask opens none. */
export class Providers {
  readonly #options: ProvidersOptions;
  readonly #startedAt: EpochMs;
  readonly #open = new Map<string, OpenProvider>();
  /** Why those that should be open are not, or were not until they are seen first. */
  readonly #failures = new Map<string, Failure>();

  constructor(options: ProvidersOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  get all(): ReadonlyMap<string, RunningProvider> {
    return new Map(
      [...this.#open].map(([name, { instance, stop }]) => [name, { isOpen: !stop.signal.aborted, instance }]),
    );
  }

  /** As people are shown them, in the order in which they were opened. */
  get status(): readonly ProviderStatus[] {
    return [...this.#open.values()].map(({ instance: { name, type }, zones, watch, throttle }) => {
      const view = watch.zones;
      const failure = view.kind === 'blind' ? (view.failure ?? this.#failures.get(name) ?? null) : null;
      return {
        name,
        type,
        state: view.kind === 'seen' ? 'seen' : failure === null ? 'opening' : 'blind',
        detail: failure?.message ?? '',
        throttled: throttle.state?.why ?? null,
        zones: zones.map((zone) => ({
          name: zone,
          unseen: view.kind === 'seen' ? (view.value.get(zone) ?? null) : (failure?.message ?? null),
        })),
      };
    });
  }

  /** A group's machines as a provider has listed them; blind while it is not open. */
  machines(name: string, group: string): View<Sightings> {
    const view = this.#open.get(name)?.watch.view(group) ?? { kind: 'blind', since: this.#startedAt, failure: null };
    if (view.kind === 'seen') return view;
    return { ...view, failure: view.failure ?? this.#failures.get(name) ?? null };
  }

  /** Of the instance; none while it is not open. */
  zones(name: string): readonly string[] {
    return this.#open.get(name)?.zones ?? [];
  }

  /** How long until the newest list is too old to be relied upon; infinite while there is none. */
  staleInMs(name: string): number {
    return this.#open.get(name)?.watch.staleInMs ?? Number.POSITIVE_INFINITY;
  }

  /** Null while it is not open. */
  operations(name: string): Operations | null {
    return this.#open.get(name)?.operations ?? null;
  }

  /** Whether the machines of each that is open can be seen now. */
  get seen(): ReadonlyMap<string, boolean> {
    return new Map([...this.#open].map(([name, { watch }]) => [name, watch.isSeen]));
  }

  /** The main process of a machine that is one of this host; null for any other. */
  processOf(name: string, machineId: string): number | null {
    return this.#open.get(name)?.provider.processOf?.(machineId) ?? null;
  }

  /** The way to the logs of its machines; null where it has none, and while it is not open. */
  logsOf(name: string): NonNullable<Provider['logs']> | null {
    const provider = this.#open.get(name)?.provider;
    return provider?.logs?.bind(provider) ?? null;
  }

  /** Those that are asked for nothing now, with why and until when. */
  throttled(names: ReadonlySet<string>): ReadonlyMap<string, Throttled> {
    return new Map(
      [...names].flatMap((name): (readonly [string, Throttled])[] => {
        const throttled = this.#open.get(name)?.throttle.state ?? null;
        return throttled === null ? [] : [[name, throttled]];
      }),
    );
  }

  /** Closes the one that has the name, first. @throws what opening it throws */
  async open(instance: ProviderInstance): Promise<void> {
    const { name } = instance;
    if (this.#open.has(name)) await this.close(name);
    const { clock, ids, telemetry, onSeen, isAwaited, onDefect } = this.#options;
    const { provider, capabilities } = this.#tryToOpen(instance);
    const stop = new AbortController();
    const throttle = new Throttle(clock, ids, {
      onDefect: (error) => onDefect(`the provider ${name}`, error),
      onWait: (waitMs) => telemetry.count({ kind: 'rateLimitWait', provider: name, cause: 'refusal', waitMs }),
    });
    const operations = new Operations(provider, capabilities, clock, throttle, telemetry);
    const seen = (changed: Concerned) => {
      operations.listed((machineId) => watch.lists(machineId));
      if (watch.isSeen) this.#failures.delete(name);
      onSeen(changed, watch);
    };
    const watch: MachineWatch = new MachineWatch(name, provider, capabilities, clock, throttle, seen, () =>
      isAwaited(name),
    );
    const done = keepRunning(`the watch over ${name}`, this.#options, stop.signal, (signal) => watch.run(signal));
    const { zones } = capabilities;
    this.#open.set(name, { instance, zones, provider, watch, operations, throttle, stop, done });
  }

  /** Calls off what is under way and lets go of it. Its machines go on. */
  async close(name: string): Promise<void> {
    const open = this.#open.get(name);
    if (open === undefined) return;
    open.stop.abort();
    await open.operations.stop();
    await open.done;
    await open.provider.close();
    if (this.#open.get(name) === open) this.#open.delete(name);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.close(name)));
  }

  #tryToOpen(instance: ProviderInstance): OpenedProvider {
    try {
      return this.#options.open(instance);
    } catch (error) {
      this.#failures.set(instance.name, asFailure(error, this.#options.clock.now()));
      throw error;
    }
  }
}
