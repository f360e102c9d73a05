import type { PolicyMemory } from '../../model/group-memory.ts';
import type { Reading } from '../../model/observation.ts';
import type { ScalingPolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';
import { noOpinion, type PolicyContext, type PolicyVerdict } from './policy.ts';
import { duration } from './text.ts';

/**
 * A metric that is missing for less is a reading that failed: windows and breaches go on over it, and nobody is told. After a
 * longer gap they begin anew, because nobody knows what was in between.
 */
export const GAP_MS = 60_000;

/** What a policy remembers, once it was taken in whether there is a reading. */
export function noteGap(memory: PolicyMemory, reading: Reading | null, now: EpochMs): PolicyMemory {
  const { missingSince } = memory;
  if (reading === null) return memory;
  if (reading.kind === 'missing') return missingSince === null ? { ...memory, missingSince: now } : memory;
  if (missingSince === null) return memory;
  const whole = { ...memory, missingSince: null };
  return now - missingSince < GAP_MS ? whole : { ...whole, breachedSince: null, recommendations: [] };
}

/** Whether the metric has been missing for long enough to be told, and to be acted upon where the policy says so. */
export function isLongMissing({ missingSince }: PolicyMemory, now: EpochMs): boolean {
  return missingSince !== null && now - missingSince >= GAP_MS;
}

/** The verdict of a policy without a reading. Missing is never zero. */
export function withoutReading(policy: ScalingPolicy, { reading, memory, now, maxSize }: PolicyContext): PolicyVerdict {
  // Nothing was read yet: that is how every start begins, not a fault.
  if (reading === null) {
    const verdict = noOpinion(policy, memory, 'not read yet', 'Nothing was read yet.');
    return { ...verdict, agreesToScaleIn: false, cappedBy: 'metricMissing' };
  }
  const sees = reading.kind === 'missing' ? `missing: ${reading.detail}` : '';
  const verdict = noOpinion(policy, memory, sees, '');
  switch (policy.whenMissing) {
    case 'hold':
      return {
        ...verdict,
        agreesToScaleIn: false,
        cappedBy: 'metricMissing',
        why: 'Without a reading the size is held, and nothing is scaled in.',
      };
    case 'ignore':
      return {
        ...verdict,
        cappedBy: 'metricMissing',
        why: 'Without a reading the size is left to the other policies.',
      };
    case 'maxSize': {
      if (isLongMissing(memory, now)) {
        const why = `Without a reading for ${duration(GAP_MS)} or longer the group goes to its maximum of ${maxSize}.`;
        return { ...verdict, wants: maxSize, agreesToScaleIn: false, why };
      }
      return {
        ...verdict,
        agreesToScaleIn: false,
        cappedBy: 'metricMissing',
        waitsUntil: (memory.missingSince ?? now) + GAP_MS,
        why: `Without a reading for ${duration(GAP_MS)} the group goes to its maximum of ${maxSize}.`,
      };
    }
  }
}
