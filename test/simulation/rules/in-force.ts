import type { AutoScalingGroup, Fleet } from '../../../src/model/fleet.ts';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Records } from '../world/records.ts';
import type { VirtualClock } from '../world/virtual-clock.ts';

/** For so long after a change a decision that was made before it may still take effect. */
const CHANGE_LAG_MS = 15_000;

/** Which fleet file the controller follows: one, or two while a change is on its way. */
export class InForce {
  readonly #clock: VirtualClock;
  readonly #records: Records;
  readonly #ceilings = new Map<string, number>();
  #fleet: Fleet;
  #next: Fleet | null = null;
  #before: { readonly fleet: Fleet; readonly untilMs: number } | null = null;

  constructor(fleet: Fleet, clock: VirtualClock, records: Records) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#records = records;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** A change is being applied. */
  changing(next: Fleet): void {
    this.#next = next;
  }

  /** That one is followed from now on. */
  settled(fleet: Fleet): void {
    this.#next = null;
    if (fleet === this.#fleet) return;
    this.#before = { fleet: this.#fleet, untilMs: this.#clock.elapsedMs + CHANGE_LAG_MS };
    this.#fleet = fleet;
  }

  /** A group as each fleet file describes it that may be followed now. */
  groups(name: string): AutoScalingGroup[] {
    const before = this.#before !== null && this.#clock.elapsedMs < this.#before.untilMs ? this.#before.fleet : null;
    const found: AutoScalingGroup[] = [];
    for (const fleet of [this.#fleet, this.#next, before]) {
      const group = fleet?.autoScalingGroups.find((one) => one.name === name);
      if (group !== undefined) found.push(group);
    }
    return found;
  }

  /** The bounds of a group by each of them: those of a scheduled action until the file names others. The maximum holds over the minimum. */
  bounds(
    name: string,
    memory: GroupMemory | undefined = this.#records.memory.get(name),
  ): { readonly minSize: number; readonly maxSize: number }[] {
    const scheduled = memory?.bounds ?? null;
    return this.groups(name).map((group) => {
      const isScheduled = scheduled?.fleetMinSize === group.minSize && scheduled.fleetMaxSize === group.maxSize;
      const { minSize, maxSize } = isScheduled ? scheduled : group;
      return { minSize: Math.min(minSize, maxSize), maxSize };
    });
  }

  /** How many machines a group may have: its maximum, or what is left of the time when it was higher. */
  ceiling(name: string): number {
    const most = this.bounds(name).reduce((max, { maxSize }) => Math.max(max, maxSize), 0);
    const known = this.#ceilings.get(name) ?? most;
    const ceiling = known <= most ? most : Math.max(most, Math.min(known, this.#left(name) ?? known));
    this.#ceilings.set(name, ceiling);
    return ceiling;
  }

  /** How many the records have; null while records that were lost count nothing, until the group's machines are adopted. */
  #left(name: string): number | null {
    return this.#records.memory.get(name)?.surveyed === true ? this.#records.open(name).length : null;
  }
}
