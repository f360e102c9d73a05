import type { Step, StepPolicy } from '../../model/scaling-policy.ts';
import { adjusted } from './adjustment.ts';
import { alarm } from './alarm.ts';
import { compareDecimals } from './decimal.ts';
import type { PolicyContext, PolicyVerdict } from './policy.ts';
import { notWarm, servers } from './text.ts';

/**
 * Changes the size by how far the metric is beyond its threshold. It goes on reacting while servers warm up: what is added is
 * counted from those that are settled, so the same step adds nothing again and a higher one only the difference. Scaling in waits
 * for the end of the warm-up.
 */
export function step(policy: StepPolicy, context: PolicyContext): PolicyVerdict {
  const { size } = context;
  const seen = alarm(policy, context);
  if (seen.kind === 'noAlarm') return seen.verdict;
  const { verdict } = seen;
  const found = stepFor(policy, seen.value);
  if (found === undefined) return { ...verdict, why: `${verdict.why} No step says what to do there.` };
  const { adjustmentType, minAdjustmentMagnitude } = policy;
  const from = (base: number) => adjusted(base, adjustmentType, found.adjustment, minAdjustmentMagnitude);
  const all = from(size.desired);
  if (all < size.desired && size.warming > 0) {
    const why = `${verdict.why} Its step takes ${size.desired - all} away, but ${notWarm(size.warming)}.`;
    return {
      ...verdict,
      wants: size.desired,
      agreesToScaleIn: false,
      cappedBy: 'warmup',
      waitsUntil: size.warmAt,
      why,
    };
  }
  if (all <= size.desired) return { ...verdict, wants: all, why: `${verdict.why} Its step asks for ${servers(all)}.` };
  const base = Math.min(size.desired, size.settled);
  const wants = Math.max(size.desired, from(base));
  if (wants > size.desired) {
    return { ...verdict, wants, agreesToScaleIn: false, why: `${verdict.why} Its step makes ${wants} of ${base}.` };
  }
  const why = `${verdict.why} Its step makes ${from(base)} of ${base}, and those are on their way already.`;
  return { ...verdict, wants, agreesToScaleIn: false, cappedBy: 'warmup', waitsUntil: size.warmAt, why };
}

/** Above the threshold a step includes its lower bound, below it the upper one. */
export function stepFor(
  { steps, threshold, comparison }: Pick<StepPolicy, 'steps' | 'threshold' | 'comparison'>,
  value: number,
): Step | undefined {
  const isAbove = comparison === 'greaterThan' || comparison === 'greaterThanOrEqual';
  const fromBound = (bound: number | null, open: number) =>
    compareDecimals(value, threshold + (bound ?? open), threshold);
  return steps.find(({ lowerBound, upperBound }) => {
    const fromLower = fromBound(lowerBound, Number.NEGATIVE_INFINITY);
    const fromUpper = fromBound(upperBound, Number.POSITIVE_INFINITY);
    return isAbove ? fromLower >= 0 && fromUpper < 0 : fromLower > 0 && fromUpper <= 0;
  });
}
