import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import { target } from './desired.ts';
import type { Draft } from './draft.ts';

/** A server that works is drained only when its replacement serves, where the maximum leaves room for both. */
export interface RoomToReplace {
  /** How many of those that leave can be spared now; below 0 while servers are missing without them. */
  readonly surplus: number;
  /** The same counting those that leave: above 0, one's replacement has come. */
  readonly spare: number;
  /** Whether there is no room for a replacement, nor will be while all of the rest is well. */
  readonly full: boolean;
}

export function roomToReplace(draft: Draft, isLeaving: (instance: Instance) => boolean): RoomToReplace {
  const live = draft.live();
  const inService = live.filter(serves);
  const others = inService.filter((instance) => !isLeaving(instance));
  const countHealthy = (servers: readonly Instance[]) =>
    servers.filter(({ health }) => health.status === 'healthy').length;
  const healthy = countHealthy(others);
  const comes = draft.memory.orphans.length > 0 || !live.every(serves);
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  return {
    surplus: healthy - target(draft),
    spare: countHealthy(inService) - target(draft),
    full: draft.capacity().total >= maxSize && !comes && healthy === others.length,
  };
}
