import { createHash } from 'node:crypto';
import type { PolicyMemory } from '../../model/group-memory.ts';
import type { Metric } from '../../model/metric.ts';
import type { ScalingPolicy } from '../../model/scaling-policy.ts';
import { NO_POLICY_MEMORY } from './policy.ts';

const DIGEST_CHARACTERS = 16;

/** A digest of what a policy measures, and against what. */
export function subjectOf(policy: ScalingPolicy, metrics: readonly Metric[]): string {
  const metric = metrics.find(({ name }) => name === policy.metric);
  const subject = JSON.stringify([policy.type, metric?.source, metric?.settings, measureOf(policy)]);
  return createHash('sha256').update(subject).digest('hex').slice(0, DIGEST_CHARACTERS);
}

function measureOf(policy: ScalingPolicy): readonly unknown[] {
  switch (policy.type) {
    case 'step':
    case 'simple':
      return [policy.comparison, policy.threshold];
    case 'targetTracking':
    case 'predictive':
      return [policy.valueIs, policy.targetValue];
  }
}

/**
 * What is remembered of a policy: its breach and what it recommended only while it measures the same. When it changed the size is
 * remembered whatever it measured then.
 */
export function memoryAbout(subject: string, known: PolicyMemory | undefined): PolicyMemory {
  if (known === undefined) return NO_POLICY_MEMORY;
  if (known.subject === undefined || known.subject === subject) return known;
  return { ...known, subject, breachedSince: null, recommendations: [] };
}
