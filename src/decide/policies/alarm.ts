import type { PolicyMemory } from '../../model/group-memory.ts';
import type { Comparison, SimplePolicy, StepPolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { duration, figure } from './text.ts';

export type Alarm =
  /** The metric is not beyond the threshold. */
  | { readonly kind: 'ok'; readonly memory: PolicyMemory; readonly why: string }
  /** It is, but not for long enough, or not yet again after the last change. */
  | { readonly kind: 'pending'; readonly memory: PolicyMemory; readonly why: string; readonly until: EpochMs | null }
  | { readonly kind: 'alarm'; readonly memory: PolicyMemory; readonly why: string };

/**
 * Whether the metric has been beyond the threshold for as long as the policy asks. The time runs from reading to reading, not by
 * the clock: what was not measured is not known. After a change of this policy's only readings of later count, so that each change
 * needs a breach of its own.
 */
export function alarm(
  policy: StepPolicy | SimplePolicy,
  reading: { readonly value: number; readonly at: EpochMs },
  memory: PolicyMemory,
  now: EpochMs,
): Alarm {
  const { metric, threshold, comparison, breachForMs } = policy;
  const is = `${metric} is ${figure(reading.value)}, ${isBeyond(reading.value, comparison, threshold) ? '' : 'not '}${WORDS[comparison]} ${figure(threshold)}`;
  if (!isBeyond(reading.value, comparison, threshold)) {
    const calm = memory.breachedSince === null ? memory : { ...memory, breachedSince: null };
    return { kind: 'ok', memory: calm, why: `${is}.` };
  }
  const lastChange = Math.max(pastOnly(memory.lastScaleOutAt, now), pastOnly(memory.lastScaleInAt, now));
  if (reading.at <= lastChange) {
    return { kind: 'pending', memory, until: null, why: `${is}, but nothing was measured since the last change.` };
  }
  const known = memory.breachedSince;
  const since = known === null || known > reading.at ? reading.at : known;
  const breached = since === known ? memory : { ...memory, breachedSince: since };
  const forMs = reading.at - since;
  if (forMs < breachForMs) {
    const why = `${is} for ${duration(forMs)} now, and ${duration(breachForMs)} are needed.`;
    return { kind: 'pending', memory: breached, until: since + breachForMs, why };
  }
  return { kind: 'alarm', memory: breached, why: breachForMs === 0 ? `${is}.` : `${is} for ${duration(forMs)}.` };
}

const WORDS: Record<Comparison, string> = {
  greaterThan: 'above',
  greaterThanOrEqual: 'at or above',
  lessThan: 'below',
  lessThanOrEqual: 'at or below',
};

function isBeyond(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case 'greaterThan':
      return value > threshold;
    case 'greaterThanOrEqual':
      return value >= threshold;
    case 'lessThan':
      return value < threshold;
    case 'lessThanOrEqual':
      return value <= threshold;
  }
}

/** A time ahead of the clock, which was set back, is no time. */
function pastOnly(at: EpochMs | null, now: EpochMs): EpochMs {
  return at === null || at > now ? Number.NEGATIVE_INFINITY : at;
}
