import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { EndCause, Instance, InstanceId } from '../../../src/model/instance.ts';
import { isEnding, isOver } from '../../../src/model/lifecycle.ts';
import type { Change } from '../../../src/ports/store.ts';

/** A long run forgets the oldest. */
const KEPT_TERMINATED = 1_000;

/** What the store holds, beside it: the invariants are checked against it without asking the store. */
export class Records {
  readonly instances = new Map<InstanceId, Instance>();
  readonly memory = new Map<string, GroupMemory>();
  readonly #terminated: InstanceId[] = [];
  /** Whose end the records had asked for when they were lost. */
  readonly #endsForgotten = new Set<InstanceId>();

  apply(change: Change): void {
    if (change.memory !== null) this.memory.set(change.memory.group, change.memory.value);
    for (const instance of change.instances) {
      this.instances.set(instance.id, instance);
      if (isOver(instance)) this.#terminated.push(instance.id);
    }
    while (this.#terminated.length > KEPT_TERMINATED) this.instances.delete(this.#terminated.shift() ?? '');
  }

  /** They are lost, and with them whose end was asked for. */
  clear(): void {
    for (const instance of this.instances.values()) if (isEnding(instance)) this.#endsForgotten.add(instance.id);
    this.instances.clear();
    this.memory.clear();
  }

  allOpen(): Instance[] {
    return [...this.instances.values()].filter((instance) => !isOver(instance));
  }

  /** Whether a provider may still carry out an end that these records know nothing of: it was asked for before they were lost. */
  isEndForgotten(id: InstanceId): boolean {
    const record = this.instances.get(id);
    return this.#endsForgotten.has(id) && (record === undefined || !isEnding(record));
  }

  /** Of a group, not terminated. */
  open(group: string): Instance[] {
    return [...this.instances.values()].filter((instance) => instance.group === group && !isOver(instance));
  }
}

/** Why an instance is ended; null while it is not. */
export function causeOf({ state }: Instance): EndCause | null {
  return 'cause' in state ? state.cause : null;
}
