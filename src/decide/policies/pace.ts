import type { PolicyMemory } from '../../model/group-memory.ts';
import type { MaxChange, Pace } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import type { VerdictCap } from './policy.ts';
import { duration } from './text.ts';

/** How far a policy may go now toward the size that it needs, and what keeps it from going all the way. */
export interface Allowed {
  readonly size: number;
  readonly cappedBy: VerdictCap | null;
  readonly waitsUntil: EpochMs | null;
  /** A sentence about what caps it; empty where nothing does. */
  readonly why: string;
}

type Recommendations = PolicyMemory['recommendations'];

/**
 * Recommendations are kept as steps: each holds until the next one was made, so that one which does not change costs no memory.
 * Where there are none, the size as it is counts as what was recommended until now: a new policy, or one after a gap, waits for a
 * whole window.
 */
export function recommend(
  known: Recommendations,
  size: number,
  desired: number,
  now: EpochMs,
  longestWindowMs: number,
): Recommendations {
  const before = known.length > 0 ? known : [{ at: now, size: desired }];
  // What no longer counts goes when something is added: that time has passed is nothing to record.
  if (known.at(-1)?.size === size) return known;
  const added = before.at(-1)?.size === size ? before : [...before, { at: now, size }];
  return onlyExtremes(added.filter((_, index) => isWithin(added, index, longestWindowMs, now)));
}

/** A step counts while the one after it began within the window. A time ahead of the clock, which was set back, is no time. */
function isWithin(steps: Recommendations, index: number, windowMs: number, now: EpochMs): boolean {
  const next = steps[index + 1];
  return next === undefined || (next.at > now - windowMs && next.at <= now);
}

/**
 * Drops what can be neither the largest nor the smallest of any window that ends now or later: a step with a later one at or
 * above it and a later one at or below it. What stays is bounded by the number of different sizes.
 */
function onlyExtremes(steps: Recommendations): Recommendations {
  const newest = steps.at(-1);
  // The time at which a step ends is where the next one begins, so one that is dropped leaves its beginning to the next.
  const kept: { at: EpochMs; size: number }[] = [];
  let highest = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  for (const step of steps.toReversed()) {
    if (step === newest || step.size > highest || step.size < lowest) kept.unshift(step);
    else {
      const after = kept[0];
      if (after !== undefined) kept[0] = { ...after, at: step.at };
    }
    highest = Math.max(highest, step.size);
    lowest = Math.min(lowest, step.size);
  }
  return kept;
}

/** The window's say: of all sizes recommended within it the most cautious one. */
export function throughWindow(
  recommendations: Recommendations,
  direction: 'out' | 'in',
  desired: number,
  { windowMs }: Pace,
  now: EpochMs,
): Allowed {
  const newest = recommendations.at(-1)?.size ?? desired;
  const inWindow = recommendations.filter((_, index) => isWithin(recommendations, index, windowMs, now));
  const sizes = inWindow.map(({ size }) => size);
  const cautious = direction === 'out' ? Math.min(...sizes) : Math.max(...sizes);
  const size = direction === 'out' ? Math.max(desired, cautious) : Math.min(desired, cautious);
  if (size === newest) return { size, cappedBy: null, waitsUntil: null, why: '' };
  // The last step that asks for more caution ends where the next one begins, and is forgotten a window later.
  const index = recommendations.findLastIndex((step) =>
    direction === 'out' ? step.size <= cautious : step.size >= cautious,
  );
  const end = recommendations[index + 1]?.at ?? now;
  return {
    size,
    cappedBy: direction === 'out' ? 'scaleOutWindow' : 'scaleInWindow',
    waitsUntil: end + windowMs,
    why: `Within the last ${duration(windowMs)} ${cautious} was recommended, and the ${direction === 'out' ? 'smallest' : 'largest'} counts.`,
  };
}

/** What cooldown and speed limit leave of a change from `desired` to `size`. */
export function atPace(memory: PolicyMemory, desired: number, size: number, pace: Pace, now: EpochMs): Allowed {
  if (size === desired) return { size, cappedBy: null, waitsUntil: null, why: '' };
  const last = size > desired ? memory.lastScaleOutAt : memory.lastScaleInAt;
  const cooledAt = coolsUntil(last, pace.cooldownMs, now);
  if (cooledAt !== null) {
    const why = `It changed the size ${duration(now - (last ?? now))} ago, and its cooldown is ${duration(pace.cooldownMs)}.`;
    return { size: desired, cappedBy: 'cooldown', waitsUntil: cooledAt, why };
  }
  return pace.maxChange === null
    ? { size, cappedBy: null, waitsUntil: null, why: '' }
    : withinSpeed(memory, desired, size, pace.maxChange, now);
}

/** When a cooldown is over; null when it is. A change ahead of the clock, which was set back, holds nothing up. */
export function coolsUntil(last: EpochMs | null, cooldownMs: number, now: EpochMs): EpochMs | null {
  if (last === null || last > now || now - last >= cooldownMs) return null;
  return last + cooldownMs;
}

/** Percentages are of the size at the period's beginning and rounded up, so that they always allow one server. */
function withinSpeed(memory: PolicyMemory, desired: number, size: number, limit: MaxChange, now: EpochMs): Allowed {
  const sign = size > desired ? 1 : -1;
  const recent = memory.changes.filter(
    ({ at, by }) => at > now - limit.periodMs && at <= now && Math.sign(by) === sign,
  );
  const changed = recent.reduce((sum, { by }) => sum + Math.abs(by), 0);
  const base = Math.max(0, desired - sign * changed);
  const ofPercent = limit.percent === null ? 0 : Math.max(1, Math.ceil((base * limit.percent) / 100));
  const allowed = Math.max(limit.instances ?? 0, ofPercent);
  const left = Math.max(0, allowed - changed);
  const wanted = Math.abs(size - desired);
  if (wanted <= left) return { size, cappedBy: null, waitsUntil: null, why: '' };
  const oldest = recent[0]?.at ?? now;
  return {
    size: desired + sign * left,
    cappedBy: 'maxChange',
    waitsUntil: oldest + limit.periodMs,
    why: `At most ${allowed} may change within ${duration(limit.periodMs)}, and ${changed} did.`,
  };
}

/** What a policy remembers of a change that followed from its verdict. */
export function noteChange(memory: PolicyMemory, by: number, now: EpochMs, keepMs: number): PolicyMemory {
  const recent = memory.changes.filter(({ at }) => at > now - keepMs && at <= now);
  return {
    ...memory,
    // The next breach is one of after this change.
    breachedSince: null,
    lastScaleOutAt: by > 0 ? now : memory.lastScaleOutAt,
    lastScaleInAt: by < 0 ? now : memory.lastScaleInAt,
    changes: keepMs > 0 ? [...recent, { at: now, by }] : [],
  };
}
