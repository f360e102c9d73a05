import type { Capacity } from '../model/activity.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { EpochMs } from '../model/time.ts';
import type { Counts } from './counts.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * What is known at one point of a decision: the snapshot, and what the steps before have made of it. Questions take this, and answer
 * with a value that has its reason in it: they cannot write. Only steps take the draft.
 */
export interface Facts {
  readonly snapshot: Snapshot;
  readonly now: EpochMs;
  readonly memory: GroupMemory;
  readonly counts: Readonly<Counts>;
  get(id: InstanceId): Instance | undefined;
  /** Those that are not terminated, in the order of the records. */
  live(): readonly Instance[];
  capacity(): Capacity;
  /** Whether it stays until its replacement serves, and makes up none of the group's size. */
  isLeaving(instance: Instance): boolean;
}
