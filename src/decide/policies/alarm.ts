import type { PolicyMemory } from '../../model/group-memory.ts';
import type { Comparison, SimplePolicy, StepPolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { compareDecimals } from './decimal.ts';
import { withoutReading } from './missing.ts';
import { noOpinion, type PolicyContext, type PolicyVerdict } from './policy.ts';
import { duration, figure } from './text.ts';

export type Alarm =
  /** There is no reading, or it is not beyond the threshold, or not for long enough: the verdict is whole. */
  | { readonly kind: 'noAlarm'; readonly verdict: PolicyVerdict }
  /** What to do is still to be said. */
  | { readonly kind: 'alarm'; readonly verdict: PolicyVerdict; readonly value: number };

/**
 * Whether the metric has been beyond the threshold for as long as the policy asks. The time runs from reading to reading, not by
 * the clock: what was not measured is not known. After a change of this policy's only readings of later count, so that each change
 * needs a breach of its own.
 */
export function alarm(policy: StepPolicy | SimplePolicy, context: PolicyContext): Alarm {
  const { reading, memory, now } = context;
  if (reading?.kind !== 'value') return { kind: 'noAlarm', verdict: withoutReading(policy, context) };
  const { metric, threshold, comparison, breachForMs } = policy;
  const saying = (after: PolicyMemory, why: string) => noOpinion(policy, after, figure(reading.value), why);
  const is = `${metric} is ${figure(reading.value)}, ${isBeyond(reading.value, comparison, threshold) ? '' : 'not '}${WORDS[comparison]} ${figure(threshold)}`;
  if (!isBeyond(reading.value, comparison, threshold)) {
    const calm = memory.breachedSince === null ? memory : { ...memory, breachedSince: null };
    return { kind: 'noAlarm', verdict: saying(calm, `${is}.`) };
  }
  const lastChange = Math.max(pastOnly(memory.lastScaleOutAt, now), pastOnly(memory.lastScaleInAt, now));
  if (reading.at <= lastChange) {
    const verdict = saying(memory, `${is}, but nothing was measured since the last change.`);
    return { kind: 'noAlarm', verdict: { ...verdict, cappedBy: 'breachDuration' } };
  }
  const known = memory.breachedSince;
  const since = known === null || known > reading.at ? reading.at : known;
  const breached = since === known ? memory : { ...memory, breachedSince: since };
  const forMs = reading.at - since;
  if (forMs < breachForMs) {
    const verdict = saying(breached, `${is} for ${duration(forMs)} now, and ${duration(breachForMs)} are needed.`);
    return { kind: 'noAlarm', verdict: { ...verdict, cappedBy: 'breachDuration', waitsUntil: since + breachForMs } };
  }
  const why = breachForMs === 0 ? `${is}.` : `${is} for ${duration(forMs)}.`;
  return { kind: 'alarm', verdict: saying(breached, why), value: reading.value };
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
      return compareDecimals(value, threshold) > 0;
    case 'greaterThanOrEqual':
      return compareDecimals(value, threshold) >= 0;
    case 'lessThan':
      return compareDecimals(value, threshold) < 0;
    case 'lessThanOrEqual':
      return compareDecimals(value, threshold) <= 0;
  }
}

/** A time ahead of the clock, which was set back, is no time. */
function pastOnly(at: EpochMs | null, now: EpochMs): EpochMs {
  return at === null || at > now ? Number.NEGATIVE_INFINITY : at;
}
