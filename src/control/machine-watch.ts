import { isDeepStrictEqual } from 'node:util';
import type { Sightings, UnseenZones, View } from '../decide/snapshot.ts';
import { placesOf, sameAddresses } from '../model/endpoint.ts';
import type { Machine } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import type { MachineList, Provider, ProviderCapabilities } from '../ports/provider.ts';
import { type Concerned, differing } from './concerned.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Throttle } from './throttle.ts';
import { LastSeen } from './view.ts';
import { Wake } from './wake.ts';

/** How many planned lists may fail before the provider counts as out of sight. */
const STALE_AFTER_LISTS = 3;
const STALE_AFTER_MIN_MS = 10_000;
const LIST_TIMEOUT_MS = 60_000;

/** Sorted once, when it comes: each list is read many times. */
interface List {
  readonly unseenZones: ReadonlyMap<string, string>;
  readonly asked: Stopwatch;
  readonly machines: readonly Machine[];
  readonly byGroup: ReadonlyMap<string, ReadonlyMap<string, Machine>>;
  /** Sorted when somebody asks, which is seldom. */
  readonly places: () => ReadonlyMap<string, string>;
  readonly ids: () => ReadonlySet<string>;
}

const NONE_UNSEEN: UnseenZones = new Map();
const NO_MACHINES: ReadonlyMap<string, Machine> = new Map();

interface Lists {
  readonly newest: List;
  readonly previous: List | null;
}

/** Keeps the list of one provider's machines current, for all groups that use it. */
export class MachineWatch {
  /** As launch templates call it. */
  readonly #name: string;
  readonly #provider: Provider;
  readonly #intervalMs: number;
  readonly #gapMs: number;
  readonly #lagMs: number;
  readonly #clock: Clock;
  readonly #throttle: Throttle;
  readonly #onSeen: (changed: Concerned) => void;
  readonly #isAwaited: () => boolean;
  readonly #seen: LastSeen<Lists>;
  readonly #wake: Wake;
  /** What runs from before is in lists that are later than this by the lag. */
  readonly #opened: Stopwatch;
  #lastReported: View<Lists> | null = null;

  /**
   * @param onSeen called after each list, with the groups whose machines have changed
   * @param isAwaited whether a group waits for the next list
   */
  constructor(
    name: string,
    provider: Provider,
    capabilities: ProviderCapabilities,
    clock: Clock,
    throttle: Throttle,
    onSeen: (changed: Concerned) => void,
    isAwaited: () => boolean,
  ) {
    this.#name = name;
    this.#provider = provider;
    this.#intervalMs = capabilities.listIntervalMs;
    this.#gapMs = capabilities.listGapMs;
    this.#lagMs = capabilities.listLagMs;
    this.#clock = clock;
    this.#throttle = throttle;
    this.#onSeen = onSeen;
    this.#isAwaited = isAwaited;
    this.#seen = new LastSeen(clock, Math.max(STALE_AFTER_MIN_MS, STALE_AFTER_LISTS * this.#intervalMs));
    this.#wake = new Wake(clock);
    this.#opened = new Stopwatch(clock);
  }

  async run(signal: AbortSignal): Promise<void> {
    const stopWatching = this.#provider.watch(() => this.#wake.notify());
    const onAbort = () => this.#wake.notify();
    signal.addEventListener('abort', onAbort, { once: true });
    while (!signal.aborted) {
      await this.#observe(signal);
      // Also when a hint asks for another one at once, and for as long as the provider asks to be left alone.
      const gapMs = Math.max(this.#gapMs, this.#throttle.leftMs);
      await this.#clock.sleep(gapMs, signal);
      await this.#pause(Math.max(0, this.#intervalMs - gapMs));
    }
    stopWatching();
  }

  /**
   * Until the next list. One alone proves nothing: the second one follows at once. Where a group waits for what lists that lag behind may lack, so
   * do the two that have all from before the start.
   */
  async #pause(intervalMs: number): Promise<void> {
    const { value, failure } = this.#seen;
    if (value === null || failure !== null) return void (await this.#wake.wait(intervalMs));
    if (value.previous === null) return;
    if (this.#hasAllFromBefore(value.previous)) return void (await this.#wake.wait(intervalMs));
    const lagLeftMs = Math.min(intervalMs, Math.max(0, this.#lagMs - this.#opened.elapsedMs));
    const isHinted = lagLeftMs > 0 && (await this.#wake.wait(lagLeftMs));
    if (!isHinted && !this.#isAwaited()) await this.#wake.wait(intervalMs - lagLeftMs);
  }

  /** Whether a list has all that was launched before the watch began, however far lists lag behind. */
  #hasAllFromBefore({ asked }: List): boolean {
    return asked.steadyMs - this.#opened.steadyMs >= this.#lagMs;
  }

  /** Whether its machines can be seen now. */
  get isSeen(): boolean {
    return this.#seen.view().kind === 'seen';
  }

  /** Which of its zones cannot be seen, with why; `blind` says why none can. */
  get zones(): View<ReadonlyMap<string, string>> {
    const view = this.#seen.view();
    return view.kind === 'blind' ? view : { kind: 'seen', value: view.value.newest.unseenZones };
  }

  /** How long until the newest list is too old to be relied upon. */
  get staleInMs(): number {
    return this.#seen.staleInMs;
  }

  /** Whether the newest list has a machine. */
  lists(machineId: string): boolean {
    return this.#seen.value?.newest.ids().has(machineId) === true;
  }

  /** The machines of one group. */
  view(group: string): View<Sightings> {
    const view = this.#seen.view();
    if (view.kind === 'blind') return view;
    const { newest, previous } = view.value;
    return {
      kind: 'seen',
      value: {
        at: newest.asked.startedAt - this.#lagMs,
        machines: newest.byGroup.get(group) ?? NO_MACHINES,
        unseenZones: this.#unseenIn(newest),
        get places() {
          return newest.places();
        },
        hasAllFromBefore: previous !== null && this.#hasAllFromBefore(previous),
        previous:
          previous === null
            ? null
            : {
                at: previous.asked.startedAt - this.#lagMs,
                machines: previous.byGroup.get(group) ?? NO_MACHINES,
                unseenZones: this.#unseenIn(previous),
              },
      },
    };
  }

  #unseenIn({ unseenZones }: List): UnseenZones {
    return unseenZones.size === 0 ? NONE_UNSEEN : new Map([[this.#name, unseenZones]]);
  }

  /** Machines of the fleet that belong to none of these groups. */
  outside(groups: ReadonlySet<string>): readonly Machine[] {
    const byGroup = this.#seen.value?.newest.byGroup ?? new Map<string, ReadonlyMap<string, Machine>>();
    return [...byGroup].flatMap(([group, machines]) => (groups.has(group) ? [] : [...machines.values()]));
  }

  async #observe(signal: AbortSignal): Promise<void> {
    const asked = new Stopwatch(this.#clock);
    try {
      const newest = await withDeadline(this.#clock, LIST_TIMEOUT_MS, signal, (bounded) =>
        this.#throttle.call(bounded, async () => listOf(asked, await this.#provider.list(bounded))),
      );
      const before = this.#seen.value;
      // Two lists of one moment are one sighting.
      const isLater = before !== null && before.newest.asked.steadyMs < asked.steadyMs;
      const previous = (isLater ? before?.newest : before?.previous) ?? null;
      this.#seen.saw({ newest, previous }, asked);
    } catch (error) {
      if (signal.aborted) return;
      this.#seen.failed(error);
    }
    const view = this.#seen.view();
    this.#onSeen(this.#seen.hasReturned ? 'all' : changedGroups(this.#lastReported, view));
    this.#lastReported = view;
  }
}

function changedGroups(before: View<Lists> | null, now: View<Lists>): Concerned {
  if (before?.kind === 'seen' && now.kind === 'seen') {
    if (!isDeepStrictEqual(before.value.newest.unseenZones, now.value.newest.unseenZones)) return 'all';
    return differing(before.value.newest.byGroup, now.value.newest.byGroup, sameMachines);
  }
  const isSame = before?.kind === 'blind' && now.kind === 'blind' && before.failure?.message === now.failure?.message;
  return isSame ? new Set() : 'all';
}

function sameMachines(before: ReadonlyMap<string, Machine>, now: ReadonlyMap<string, Machine>): boolean {
  if (before.size !== now.size) return false;
  for (const [instanceId, machine] of now) {
    const earlier = before.get(instanceId);
    if (earlier?.id !== machine.id || earlier.state !== machine.state || earlier.zone !== machine.zone) return false;
    if (!sameAddresses(earlier, machine)) return false;
  }
  return true;
}

function listOf(asked: Stopwatch, { machines, unseenZones }: MachineList): List {
  const byGroup = new Map<string, Map<string, Machine>>();
  for (const machine of machines) {
    const group = byGroup.get(machine.group) ?? new Map<string, Machine>();
    byGroup.set(machine.group, group.set(machine.instanceId, machine));
  }
  let ids: ReadonlySet<string> | null = null;
  let places: ReadonlyMap<string, string> | null = null;
  return {
    asked,
    unseenZones,
    machines,
    byGroup,
    ids: () => {
      ids ??= new Set(machines.map(({ id }) => id));
      return ids;
    },
    places: () => {
      places ??= new Map(machines.flatMap((machine) => placesOf(machine).map((place) => [place, machine.id])));
      return places;
    },
  };
}
