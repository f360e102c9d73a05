import type { TargetTrackingPolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { withoutReading } from './missing.ts';
import { atPace, recommend, throughWindow } from './pace.ts';
import { noOpinion, type PolicyContext, type PolicyVerdict, type VerdictCap } from './policy.ts';
import { figure, notWarm, servers } from './text.ts';

/** What floating point adds to a quotient that is a whole number. */
const ROUNDING = 1e-9;

/**
 * Keeps a metric at a value: `capacity x metric / target` servers, rounded up when that is more than there are, and so that the
 * number of those removed is rounded down when it is fewer. An average is multiplied with the warm servers: those that warm up are
 * not in it yet. They count in the size that the result is compared with, so that nothing is launched twice for the same load.
 */
export function targetTracking(policy: TargetTrackingPolicy, context: PolicyContext): PolicyVerdict {
  const { reading, memory, now, size } = context;
  const isAverage = policy.valueIs === 'average';
  // Not a gap in the data: without servers there is no average to be had.
  if (isAverage && size.desired === 0) {
    const why = `${policy.metric} is an average, and at size 0 there are no servers to measure: a minimum, a schedule or another policy has to start the first one.`;
    return noOpinion(policy, memory, 'no servers to measure', why);
  }
  if (reading?.kind !== 'value') return withoutReading(policy, context);
  const sees = figure(reading.value);
  if (isAverage && size.warm === 0) {
    const why = `${policy.metric} is an average over warm servers, and there is none yet.`;
    return {
      ...noOpinion(policy, memory, sees, why),
      agreesToScaleIn: false,
      cappedBy: 'warmup',
      waitsUntil: size.warmAt,
    };
  }

  const need = needed(policy, context, reading.value);
  const longestWindowMs = Math.max(policy.scaleOut.windowMs, policy.scaleIn.windowMs);
  const recommendations = recommend(memory.recommendations, need.size, size.desired, now, longestWindowMs);
  const verdict: PolicyVerdict = {
    ...noOpinion(
      policy,
      recommendations === memory.recommendations ? memory : { ...memory, recommendations },
      sees,
      need.why,
    ),
    wants: size.desired,
    agreesToScaleIn: false,
    cappedBy: need.cappedBy,
  };
  if (need.size === size.desired) return verdict;
  return need.size > size.desired
    ? paced(policy, context, verdict, 'out')
    : scaleIn(policy, context, verdict, reading.at);
}

function needed(
  { metric, valueIs, targetValue, tolerance }: TargetTrackingPolicy,
  { size }: PolicyContext,
  value: number,
): { readonly size: number; readonly why: string; readonly cappedBy: VerdictCap | null } {
  const { desired, warm } = size;
  const load = Math.max(0, valueIs === 'average' ? warm * value : value);
  const exact = Math.min(load / targetValue, Number.MAX_SAFE_INTEGER);
  const sum =
    valueIs === 'average'
      ? `${metric} is ${figure(value)} on average over ${servers(warm)}, ${figure(targetValue)} is the target: that is load for ${figure(exact)}`
      : `${metric} is ${figure(value)} in total, ${figure(targetValue)} a server is the target: that is load for ${figure(exact)}`;
  if (desired > 0 && Math.abs(exact - desired) <= desired * (tolerance + ROUNDING)) {
    return {
      size: desired,
      why: `${sum}, ${exact === desired ? 'as many as there should be' : `near enough to ${desired}`}.`,
      cappedBy: exact === desired ? null : 'tolerance',
    };
  }
  const rounded = Math.ceil(exact * (1 - ROUNDING));
  // Once there are none, no average could start the first one again.
  const isLast = valueIs === 'average' && rounded < 1;
  const result = isLast ? 1 : rounded;
  const last = isLast ? ' An average keeps one, because without servers nothing would be measured.' : '';
  return { size: result, why: `${sum}, so ${servers(result)}.${last}`, cappedBy: isLast ? 'lastServer' : null };
}

function scaleIn(
  policy: TargetTrackingPolicy,
  context: PolicyContext,
  verdict: PolicyVerdict,
  readAt: EpochMs,
): PolicyVerdict {
  const { warming, warmAt } = context.size;
  if (policy.disableScaleIn) {
    const why = `${verdict.why} It takes none away (disableScaleIn), and leaves that to the others.`;
    return { ...verdict, wants: null, agreesToScaleIn: true, cappedBy: 'disableScaleIn', why };
  }
  if (warming > 0) {
    const why = `${verdict.why} ${notWarm(warming)}: none is taken away before that is over.`;
    return { ...verdict, cappedBy: 'warmup', waitsUntil: warmAt, why };
  }
  // A reading of before the last change would be blamed on the fewer servers of now.
  const { lastScaleInAt } = context.memory;
  if (lastScaleInAt !== null && readAt <= lastScaleInAt && lastScaleInAt <= context.now) {
    return {
      ...verdict,
      cappedBy: 'olderReading',
      why: `${verdict.why} Nothing was measured since it last took some away.`,
    };
  }
  return paced(policy, context, verdict, 'in');
}

function paced(
  policy: TargetTrackingPolicy,
  { size, now }: PolicyContext,
  verdict: PolicyVerdict,
  direction: 'out' | 'in',
): PolicyVerdict {
  const pace = direction === 'out' ? policy.scaleOut : policy.scaleIn;
  const window = throughWindow(verdict.memory.recommendations, direction, size.desired, pace, now);
  const allowed = atPace(verdict.memory, size.desired, window.size, pace, now);
  const cap = allowed.cappedBy === null ? window : allowed;
  return {
    ...verdict,
    wants: allowed.size,
    agreesToScaleIn: allowed.size < size.desired,
    cappedBy: cap.cappedBy ?? verdict.cappedBy,
    waitsUntil: cap.waitsUntil,
    why: cap.why === '' ? verdict.why : `${verdict.why} ${cap.why}`,
  };
}
