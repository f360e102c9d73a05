/** What the metrics, policies and scheduled actions of a group must be true of together. */

import { formatDuration } from '../../base/duration.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { AutoScalingGroup, Fleet } from '../../model/fleet.ts';
import type { Metric } from '../../model/metric.ts';
import type { ScheduledAction } from '../../model/scaling-policy.ts';
import type { Problem } from '../../settings/explain.ts';
import type { Path } from '../../settings/path.ts';

export function checkScaling(fleet: Fleet): Problem[] {
  return fleet.autoScalingGroups.flatMap((group) => {
    const path = ['autoScalingGroups', group.name];
    return [
      ...group.metrics.flatMap((metric) => checkMetric(metric, fleet, [...path, 'metrics', metric.name])),
      ...checkPolicies(group, [...path, 'scalingPolicies']),
      ...group.scheduledActions.flatMap((action) =>
        checkAction(action, group, [...path, 'scheduledActions', action.name]),
      ),
    ];
  });
}

/** The most servers that a group may ever have, whichever scheduled action came last. */
export function highestMaxSize({ maxSize, scheduledActions }: AutoScalingGroup): number {
  return Math.max(maxSize, ...scheduledActions.map((action) => action.maxSize ?? 0));
}

function checkMetric(metric: Metric, fleet: Fleet, path: Path): Problem[] {
  const { intervalMs, timeoutMs, maxAgeMs } = metric;
  const problems: Problem[] = [];
  if (timeoutMs > intervalMs) {
    const interval = formatDuration(intervalMs);
    const message = `timeout is more than interval (${interval}); make it ${interval} or less, so that readings do not pile up`;
    problems.push({ path: [...path, 'timeout'], message });
  }
  if (maxAgeMs < intervalMs + timeoutMs) {
    const least = formatDuration(intervalMs + timeoutMs);
    const message = `maxAge is less than interval and timeout together, so a reading would be too old before the next one comes; make it ${least} or more`;
    problems.push({ path: [...path, 'maxAge'], message });
  }
  return [...problems, ...checkMeasuredTargetGroup(metric, fleet, path)];
}

/** A source that measures a target group says which one in its setting `targetGroup`, and what of it in `measure`. */
function checkMeasuredTargetGroup({ settings }: Metric, fleet: Fleet, path: Path): Problem[] {
  const { targetGroup, measure } = settings;
  if (typeof targetGroup !== 'string') return [];
  const known = fleet.targetGroups.map(({ name }) => name);
  const refuse = (message: string) => [{ path: [...path, 'targetGroup'], message }];
  const group = fleet.targetGroups.find(({ name }) => name === targetGroup);
  if (group === undefined) {
    return refuse(`there is no target group ${targetGroup}; ${didYouMean(targetGroup, known)}`);
  }
  const measured = fleet.loadBalancers.some(({ listeners }) =>
    listeners.some((listener) => listener.targetGroup === targetGroup),
  );
  if (!measured) {
    return refuse(`target group ${targetGroup} is behind no load balancer, so nothing measures it; give it a listener`);
  }
  if (measure !== 'queueLength' || group.maxConnectionsPerTarget !== null) return [];
  const message = `nothing waits for target group ${targetGroup}, because its servers take any number of requests; give it maxConnectionsPerTarget, or measure openRequests`;
  return [{ path: [...path, 'measure'], message }];
}

function checkPolicies({ metrics, scalingPolicies }: AutoScalingGroup, path: Path): Problem[] {
  const known = metrics.map(({ name }) => name);
  return scalingPolicies.flatMap((policy): Problem[] => {
    const { name, metric } = policy;
    if (!known.includes(metric)) {
      const message =
        known.length === 0
          ? `the group has no metrics; describe ${metric} under its metrics`
          : `the group has no metric ${metric}; ${didYouMean(metric, known)}`;
      return [{ path: [...path, name, 'metric'], message }];
    }
    if (policy.type === 'predictive' && policy.valueIs === 'average') {
      const message = 'an average does not tell how many servers were needed; predict a total';
      return [{ path: [...path, name, 'valueIs'], message }];
    }
    return [];
  });
}

function checkAction(action: ScheduledAction, group: AutoScalingGroup, path: Path): Problem[] {
  const { minSize, maxSize, desiredCapacity } = action;
  const problems: Problem[] = [];
  const refuse = (key: string, message: string) => problems.push({ path: [...path, key], message });
  // What the action leaves alone is as the group has it, or as another of its actions has set it.
  const most = maxSize ?? highestMaxSize(group);
  const least = minSize ?? Math.min(group.minSize, ...group.scheduledActions.flatMap((other) => other.minSize ?? []));
  const limit = maxSize === null ? `the group's maxSize (${most})` : `maxSize (${most})`;
  const floor = minSize === null ? `the group's minSize (${least})` : `minSize (${least})`;
  if (minSize !== null && minSize > most)
    refuse('minSize', `minSize is more than ${limit}; lower it, or raise maxSize`);
  else if (maxSize !== null && maxSize < least) {
    refuse('maxSize', `maxSize is less than ${floor}; raise it, or lower minSize`);
  } else if (desiredCapacity !== null && (desiredCapacity < least || desiredCapacity > most)) {
    refuse('desiredCapacity', `it must be from ${floor} to ${limit}`);
  }
  return problems;
}
