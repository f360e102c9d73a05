import { serves } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import { boundsOf } from './bounds.ts';
import { sizeToReach } from './desired.ts';
import type { Facts } from './facts.ts';
import { warmAt } from './grace-and-warmup.ts';

/** Share of the desired capacity that may be missing because servers are replaced; at least one may. */
const DISRUPTED_SHARE = 0.1;

/**
 * How many servers may be taken out to be replaced, whoever wants that: the one budget of all that disrupts a group. It follows from
 * the records, so that what one step takes out is missing for the next.
 */
export interface DisruptionBudget {
  /** The size that the group should have. */
  readonly desired: number;
  /** Of these so many may be missing or warming up. */
  readonly limit: number;
  /** So many are. */
  readonly missing: number;
  /** So many more may be taken out that do not do their work. */
  readonly left: number;
  /** When a server has warmed up next; null where none does. */
  readonly warmAt: EpochMs | null;
}

export function disruptionBudget(facts: Facts): DisruptionBudget {
  const desired = sizeToReach(facts);
  const limit = Math.max(1, Math.floor(desired * DISRUPTED_SHARE));
  let warm = 0;
  let nextWarmAt: EpochMs | null = null;
  for (const instance of facts.live()) {
    if (!serves(instance)) continue;
    const at = warmAt(instance, facts.snapshot.group);
    if (at > facts.now && (nextWarmAt === null || at < nextWarmAt)) nextWarmAt = at;
    if (at <= facts.now || instance.health.status === 'unhealthy') warm += 1;
  }
  const missing = Math.max(0, desired - warm);
  return { desired, limit, missing, left: Math.max(0, limit - missing), warmAt: nextWarmAt };
}

/**
 * Whether a server that works may be taken out: when its replacement serves, where the maximum leaves room for both. Where it does not,
 * and never will, they go one at a time: the place of one is the room of the next.
 */
export type Turn = { readonly kind: 'now'; readonly cappedBy: 'maxSize' | null } | { readonly kind: 'waits' };

/** @param replaced servers that work and were taken out by this decision already */
export function turnOfWorking(facts: Facts, replaced: number): Turn {
  const { healthy, leavingHealthy, inService, leaving, total } = facts.counts;
  const others = healthy - leavingHealthy;
  const size = sizeToReach(facts);
  if (others - size - replaced >= 0) return { kind: 'now', cappedBy: null };
  const { maxSize } = boundsOf(facts.snapshot.group, facts.memory);
  const isComing = facts.memory.orphans.length > 0 || total > inService;
  const isFull = facts.capacity().total >= maxSize && !isComing && others === inService - leaving;
  if (!isFull || replaced > 0) return { kind: 'waits' };
  return { kind: 'now', cappedBy: healthy - size <= 0 ? 'maxSize' : null };
}
