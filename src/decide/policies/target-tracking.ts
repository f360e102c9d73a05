import { plural } from '../../base/plural.ts';
import type { Reading } from '../../model/observation.ts';
import type { TargetTrackingPolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { ceilDecimal, compareDecimals } from './decimal.ts';
import { withoutReading } from './missing.ts';
import { atPace, recommend, throughWindow } from './pace.ts';
import { type GroupSize, noOpinion, type PolicyContext, type PolicyVerdict, type VerdictCap } from './policy.ts';
import { figure, notWarm, servers } from './text.ts';

/**
 * Keeps a metric at a value: `capacity x metric / target` servers, rounded up when that is more than there are, and so that the
 * number of those removed is rounded down when it is fewer. The capacity is the servers that an average was taken over (`averagedOver`).
 * All others count in the size that the result is compared with, so that nothing is launched twice for the same load.
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
  const over = averagedOver(reading, size);
  if (isAverage && over.most === 0) {
    const which = reading.over === undefined ? 'warm servers' : 'servers that are warm and get requests';
    const why = `${policy.metric} is an average over ${which}, and there is none yet.`;
    return {
      ...noOpinion(policy, memory, sees, why),
      agreesToScaleIn: false,
      cappedBy: 'warmup',
      waitsUntil: size.warmAt,
    };
  }

  const need = needed(policy, context, reading.value, over);
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

/** How many servers an average is over, at least and at most. */
interface Over {
  readonly least: number;
  readonly most: number;
}

/**
 * What the source says, or else the warm servers: those that warm up are not in an average yet. Whether the unhealthy ones are in it
 * nobody knows then: servers are added as if they were not, and taken away as if they were.
 */
function averagedOver({ over }: Reading & { readonly kind: 'value' }, { warm, warmUnhealthy }: GroupSize): Over {
  return over === undefined ? { least: warm, most: warm + warmUnhealthy } : { least: over, most: over };
}

interface Need {
  readonly size: number;
  readonly why: string;
  readonly cappedBy: VerdictCap | null;
}

function needed(policy: TargetTrackingPolicy, { size }: PolicyContext, value: number, { least, most }: Over): Need {
  const atLeast = neededFor(policy, size.desired, value, least);
  if (least === most || policy.valueIs === 'total' || atLeast.size >= size.desired) return atLeast;
  const atMost = neededFor(policy, size.desired, value, most);
  if (atMost.size <= size.desired) return atMost;
  const why = `${atMost.why} But ${servers(most - least)} of them ${plural(most - least, 'is', 'are')} unhealthy, and ${servers(least)} can handle it: the size stays.`;
  return { size: size.desired, why, cappedBy: 'unhealthy' };
}

function neededFor(
  { metric, valueIs, targetValue, tolerance }: TargetTrackingPolicy,
  desired: number,
  value: number,
  capacity: number,
): Need {
  const load = Math.max(0, valueIs === 'average' ? capacity * value : value);
  const exact = Math.min(load / targetValue, Number.MAX_SAFE_INTEGER);
  const sum =
    valueIs === 'average'
      ? `${metric} is ${figure(value)} on average over ${servers(capacity)}, ${figure(targetValue)} is the target: that is load for ${figure(exact)}`
      : `${metric} is ${figure(value)} in total, ${figure(targetValue)} a server is the target: that is load for ${figure(exact)}`;
  if (desired > 0 && compareDecimals(Math.abs(exact - desired), desired * tolerance, desired) <= 0) {
    return {
      size: desired,
      why: `${sum}, ${exact === desired ? 'as many as there should be' : `near enough to ${desired}`}.`,
      cappedBy: exact === desired ? null : 'tolerance',
    };
  }
  const rounded = ceilDecimal(exact);
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
