import type { AutoScalingGroup, Fleet } from '../../../src/model/fleet.ts';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { Records } from '../world/records.ts';
import type { VirtualClock } from '../world/virtual-clock.ts';

/** For so long after a change a decision that was made before it may still take effect. */
const CHANGE_LAG_MS = 15_000;

/** A load balancer that is being terminated may still be by then. */
const TERMINATION_LAG_MS = 45_000;

interface Past {
  readonly fleet: Fleet;
  /** When another one took its place. */
  readonly untilMs: number;
}

/** Which fleet the controller follows: the version that was recorded last, and for a while the ones before it as well. */
export class InForce {
  readonly #clock: VirtualClock;
  readonly #records: Records;
  readonly #ceilings = new Map<string, number>();
  readonly #groups = new WeakMap<Fleet, ReadonlyMap<string, AutoScalingGroup>>();
  #fleet: Fleet;
  #past: Past[] = [];

  constructor(fleet: Fleet, clock: VirtualClock, records: Records) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#records = records;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** A version of the fleet was recorded: that one is followed from now on. */
  recorded(fleet: Fleet): void {
    const untilMs = this.#clock.elapsedMs;
    this.#past = [...this.#fleets(TERMINATION_LAG_MS).slice(1), { fleet: this.#fleet, untilMs }];
    this.#fleet = fleet;
  }

  /** Whether the load balancer was wanted all the time lately, at some time, or never. */
  wantsLoadBalancer(name: string): 'always' | 'sometimes' | 'never' {
    const wanted = this.#fleets(TERMINATION_LAG_MS).filter(({ fleet }) =>
      fleet.loadBalancers.some((one) => one.name === name),
    );
    if (wanted.length === 0) return 'never';
    return wanted.length === this.#fleets(TERMINATION_LAG_MS).length ? 'always' : 'sometimes';
  }

  /** Whether a group launches at a provider, or has servers of it. What it may have at another one besides is not found. */
  usesProvider(provider: string, group: string): boolean {
    const described = this.#fleet.autoScalingGroups.find(({ name }) => name === group);
    const launches = described?.launchTemplate.provider === provider;
    return launches || this.#records.open(group).some(({ launchTemplate }) => launchTemplate.provider === provider);
  }

  /** Whether a group's servers are targets of a target group now. */
  hasTarget(group: string | undefined, targetGroup: string): boolean {
    const found = this.#fleet.autoScalingGroups.find(({ name }) => name === group);
    return found === undefined || targetGroupsBehind(this.#fleet, found).includes(targetGroup);
  }

  /** A group as each fleet describes it that may be followed now, with those of its target groups that are behind a load balancer. */
  groups(name: string): AutoScalingGroup[] {
    return this.#fleets(CHANGE_LAG_MS).flatMap(({ fleet }) => this.#groupsOf(fleet).get(name) ?? []);
  }

  /** Asked for after every step, and the same for as long as a fleet is. */
  #groupsOf(fleet: Fleet): ReadonlyMap<string, AutoScalingGroup> {
    const known = this.#groups.get(fleet);
    if (known !== undefined) return known;
    const groups = fleet.autoScalingGroups.map((group) => ({
      ...group,
      targetGroups: targetGroupsBehind(fleet, group),
    }));
    const byName = new Map(groups.map((group) => [group.name, group]));
    this.#groups.set(fleet, byName);
    return byName;
  }

  /** The one that is followed, and those that were so within the time before. */
  #fleets(lagMs: number): readonly Past[] {
    const now = this.#clock.elapsedMs;
    return [{ fleet: this.#fleet, untilMs: now }, ...this.#past.filter(({ untilMs }) => now - untilMs < lagMs)];
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
    return this.#records.memory.get(name)?.machinesListed === true ? this.#records.open(name).length : null;
  }
}

/** The target groups of a group that a load balancer hands requests to. */
export function targetGroupsBehind({ loadBalancers }: Fleet, { targetGroups }: AutoScalingGroup): readonly string[] {
  const balanced = new Set(loadBalancers.flatMap(({ listeners }) => listeners.map(({ targetGroup }) => targetGroup)));
  return targetGroups.filter((name) => balanced.has(name));
}
