import type { Instance, InstanceStateName } from '../model/instance.ts';
import { INSTANCE_STATE_NAMES, isOver, LIFECYCLE, type Lifecycle, serves } from '../model/lifecycle.ts';

/** How many of a group's instances are in each state: kept along with its records, so that nobody goes through all of them to know. */
export class InstanceCounts {
  readonly #byState = new Map<InstanceStateName, number>(
    INSTANCE_STATE_NAMES.filter((name) => !isOver({ state: { name } })).map((name) => [name, 0]),
  );
  #unhealthy = 0;

  constructor(instances: readonly Instance[] = []) {
    for (const instance of instances) this.changed(undefined, instance);
  }

  get byState(): ReadonlyMap<InstanceStateName, number> {
    return this.#byState;
  }

  /** How many are in a state of which that is true. */
  of(isSo: (lifecycle: Lifecycle) => boolean): number {
    let sum = 0;
    for (const [name, count] of this.#byState) if (isSo(LIFECYCLE[name])) sum += count;
    return sum;
  }

  /** Of those in service. */
  get unhealthy(): number {
    return this.#unhealthy;
  }

  /** @param before its record until now; undefined where it is new */
  changed(before: Instance | undefined, now: Instance): void {
    if (before !== undefined) this.#count(before, -1);
    if (!isOver(now)) this.#count(now, 1);
  }

  #count(instance: Instance, by: 1 | -1): void {
    const { name } = instance.state;
    this.#byState.set(name, (this.#byState.get(name) ?? 0) + by);
    if (serves(instance) && instance.health.status === 'unhealthy') this.#unhealthy += by;
  }
}
