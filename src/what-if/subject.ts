import type { AutoScalingGroup, Fleet, TargetGroup } from '../model/fleet.ts';
import type { ScalingPolicy, ValueKind } from '../model/scaling-policy.ts';
import { SeriesError } from './series.ts';

/** A group as it is replayed. */
export interface Subject {
  readonly group: AutoScalingGroup;
  readonly targetGroups: readonly TargetGroup[];
  /** The metric that the load stands for; null where the group follows none. */
  readonly metric: string | null;
  readonly valueIs: ValueKind;
  /** What a server can take by the policies' own targets; null where they name none. */
  readonly targetValue: number | null;
  readonly notes: readonly string[];
}

export interface SubjectChoice {
  readonly group: string;
  readonly metric: string | null;
  /** Overrides what the policies say. */
  readonly valueIs: ValueKind | null;
}

/**
 * Takes a group out of its fleet and away from what is not replayed: the desired capacity file, and policies on other metrics.
 * @throws SeriesError when there is no such group or metric, or several to choose from
 */
export function subjectOf(fleet: Fleet, choice: SubjectChoice): Subject {
  const { autoScalingGroups } = fleet;
  const group = autoScalingGroups.find(({ name }) => name === choice.group);
  if (group === undefined) {
    const names = autoScalingGroups.map(({ name }) => name).join(', ');
    throw new SeriesError(`Fleet ${fleet.name} has no group ${choice.group}; it has: ${names}.`);
  }
  const metric = metricOf(group, choice.metric);
  const scalingPolicies = group.scalingPolicies.filter((policy) => policy.metric === metric);
  const leftOut = group.scalingPolicies.filter((policy) => policy.metric !== metric);
  const notes = leftOut.map(
    ({ name, metric: other }) => `Policy ${name} is left out: it follows ${other}, which is not replayed.`,
  );
  if (group.desiredCapacityFile !== null) notes.push('The desired capacity file is left out.');
  const behind = fleet.loadBalancers.flatMap(({ listeners }) => listeners.map(({ targetGroup }) => targetGroup));
  const tracking = scalingPolicies.filter(hasTarget);
  return {
    group: { ...group, desiredCapacityFile: null, scalingPolicies },
    targetGroups: fleet.targetGroups.filter(({ name }) => group.targetGroups.includes(name) && behind.includes(name)),
    metric,
    valueIs: choice.valueIs ?? (tracking.some(({ valueIs }) => valueIs === 'average') ? 'average' : 'total'),
    targetValue: tracking.length === 0 ? null : Math.max(...tracking.map(({ targetValue }) => targetValue)),
    notes,
  };
}

function metricOf({ name, metrics, scalingPolicies }: AutoScalingGroup, wanted: string | null): string | null {
  if (wanted !== null) {
    if (metrics.some((metric) => metric.name === wanted)) return wanted;
    throw new SeriesError(`Group ${name} has no metric ${wanted}.`);
  }
  const followed = [...new Set(scalingPolicies.map(({ metric }) => metric))];
  if (followed.length > 1) {
    throw new SeriesError(
      `The policies of group ${name} follow ${followed.join(', ')}: say with --metric which one is replayed.`,
    );
  }
  return followed[0] ?? null;
}

function hasTarget(policy: ScalingPolicy): policy is Extract<ScalingPolicy, { readonly targetValue: number }> {
  return policy.type === 'targetTracking' || policy.type === 'predictive';
}
