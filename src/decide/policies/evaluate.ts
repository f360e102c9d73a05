import type { PolicyMemory } from '../../model/group-memory.ts';
import type { ScalingPolicy } from '../../model/scaling-policy.ts';
import { noteGap } from './missing.ts';
import { noteChange } from './pace.ts';
import { noOpinion, type PolicyContext, type PolicyVerdict } from './policy.ts';
import { predictive } from './predictive.ts';
import { CHANGE_LIMIT_MS, simple } from './simple.ts';
import { step } from './step.ts';
import { targetTracking } from './target-tracking.ts';

/** One policy's verdict. */
export function evaluate(policy: ScalingPolicy, context: PolicyContext): PolicyVerdict {
  const verdict = verdictOf(policy, context);
  const { desired, allUnhealthy } = context.size;
  if (!allUnhealthy || verdict.wants === null || verdict.wants >= desired || policy.type === 'predictive')
    return verdict;
  // An overload, or a fault of what they all depend on: whatever is measured then is no reason to have fewer of them.
  const why = `${verdict.why} But no server in service is healthy: none is taken away.`;
  return { ...verdict, wants: desired, agreesToScaleIn: false, cappedBy: 'unhealthy', waitsUntil: null, why };
}

function verdictOf(policy: ScalingPolicy, context: PolicyContext): PolicyVerdict {
  const { reading, memory, size } = context;
  if (
    policy.type !== 'predictive' &&
    reading?.kind === 'missing' &&
    reading.code === 'noServers' &&
    size.desired === 0
  ) {
    // Known, and no gap in the data.
    const known = memory.missingSince === null ? memory : { ...memory, missingSince: null };
    const why = `${policy.metric} is measured on servers, and at size 0 there are none: a minimum, a schedule or another policy has to start the first one.`;
    return noOpinion(policy, known, 'no servers to measure', why);
  }
  const seen = { ...context, memory: noteGap(context.memory, context.reading, context.now) };
  switch (policy.type) {
    case 'targetTracking':
      return targetTracking(policy, seen);
    case 'step':
      return step(policy, seen);
    case 'simple':
      return simple(policy, seen);
    case 'predictive':
      // It goes by what was recorded.
      return predictive(policy, context);
  }
}

/** What a policy remembers once the group's size was changed by its verdict. */
export function afterChange(policy: ScalingPolicy, memory: PolicyMemory, by: number, now: number): PolicyMemory {
  switch (policy.type) {
    case 'targetTracking': {
      const { scaleOut, scaleIn } = policy;
      const keepMs = Math.max(scaleOut.maxChange?.periodMs ?? 0, scaleIn.maxChange?.periodMs ?? 0);
      return noteChange(memory, by, now, keepMs);
    }
    case 'simple':
      return noteChange(memory, by, now, CHANGE_LIMIT_MS);
    case 'step':
    case 'predictive':
      return noteChange(memory, by, now, 0);
  }
}
