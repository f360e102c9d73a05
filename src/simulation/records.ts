import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { Change, Store } from '../ports/store.ts';

/** What the store holds, beside it: the invariants are checked against it without asking the store. */
export class Records {
  readonly instances = new Map<InstanceId, Instance>();
  readonly memory = new Map<string, GroupMemory>();

  apply(change: Change): void {
    if (change.memory !== null) this.memory.set(change.memory.group, change.memory.value);
    for (const instance of change.instances) {
      this.instances.set(instance.id, instance);
    }
  }

  /** Of a group, not terminated. */
  open(group: string): Instance[] {
    return [...this.instances.values()].filter(
      (instance) => instance.group === group && instance.state.name !== 'terminated',
    );
  }
}

/** A store whose commits are told, with the records as they were before. */
export function recordingStore(store: Store, onCommit: (change: Change) => void): Store {
  return {
    load: () => store.load(),
    commit: async (change) => {
      await store.commit(change);
      onCommit(change);
    },
    activities: (query) => store.activities(query),
    recordSamples: (samples) => store.recordSamples(samples),
    recordMetrics: (at, samples) => store.recordMetrics(at, samples),
    metricHistory: (...query) => store.metricHistory(...query),
    prune: () => store.prune(),
    close: () => store.close(),
  };
}
