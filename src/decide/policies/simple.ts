import type { PolicyMemory } from '../../model/group-memory.ts';
import type { SimplePolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { adjusted } from './adjustment.ts';
import { alarm } from './alarm.ts';
import { coolsUntil } from './pace.ts';
import type { GroupSize, PolicyContext, PolicyVerdict } from './policy.ts';
import { duration, notWarm, servers } from './text.ts';

/** A change counts as done after this time even when it is not: launches that never succeed must not silence a policy for ever. */
export const CHANGE_LIMIT_MS = 900_000;

/** Changes the size by a fixed amount, then waits until that is done, and from then on for its cooldown. */
export function simple(policy: SimplePolicy, context: PolicyContext): PolicyVerdict {
  const { now, size } = context;
  const memory = finishChange(context.memory, size, now);
  const seen = alarm(policy, { ...context, memory });
  if (seen.kind === 'noAlarm') return seen.verdict;
  const { verdict } = seen;
  const [change] = memory.changes;
  if (change !== undefined) {
    const why = `${verdict.why} Its last change is not done yet.`;
    return { ...verdict, cappedBy: 'changeUnderWay', waitsUntil: change.at + CHANGE_LIMIT_MS, why };
  }
  const last = lastChangeAt(memory);
  const cooledAt = coolsUntil(last, policy.cooldownMs, now);
  if (cooledAt !== null) {
    const why = `${verdict.why} Its last change was done ${duration(now - (last ?? now))} ago, and its cooldown is ${duration(policy.cooldownMs)}.`;
    return { ...verdict, cappedBy: 'cooldown', waitsUntil: cooledAt, why };
  }
  const { adjustmentType, adjustment, minAdjustmentMagnitude } = policy;
  const wants = adjusted(size.desired, adjustmentType, adjustment, minAdjustmentMagnitude);
  if (wants < size.desired && size.warming > 0) {
    const why = `${verdict.why} ${notWarm(size.warming)}: none is taken away before that is over.`;
    return { ...verdict, agreesToScaleIn: false, cappedBy: 'warmup', waitsUntil: size.warmAt, why };
  }
  return {
    ...verdict,
    wants,
    agreesToScaleIn: wants < size.desired,
    why: `${verdict.why} It asks for ${servers(wants)}.`,
  };
}

function lastChangeAt({ lastScaleOutAt, lastScaleInAt }: PolicyMemory): EpochMs | null {
  if (lastScaleOutAt === null) return lastScaleInAt;
  return lastScaleInAt === null ? lastScaleOutAt : Math.max(lastScaleOutAt, lastScaleInAt);
}

/** Takes in that the change is done: the cooldown runs from then. */
function finishChange(memory: PolicyMemory, { desired, settled, warming }: GroupSize, now: EpochMs): PolicyMemory {
  const [change] = memory.changes;
  if (change === undefined) return memory;
  const isDone = warming === 0 && settled === desired;
  const isOverdue = now - change.at >= CHANGE_LIMIT_MS || change.at > now;
  if (!isDone && !isOverdue) return memory;
  const times = change.by > 0 ? { lastScaleOutAt: now } : { lastScaleInAt: now };
  return { ...memory, ...times, changes: [] };
}
