import { formatDuration } from '../base/duration.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import type { Metric } from '../model/metric.ts';
import { inWords, type ScalingPolicy, type ScheduledAction, type Step } from '../model/scaling-policy.ts';
import type { FleetChange } from './change.ts';
import {
  diffNamed,
  effect,
  type Fact,
  type Facts,
  fact,
  NEXT_CHECK,
  type ShownSettings,
  setting,
  settingFacts,
} from './facts.ts';

const METRIC_ADDED = effect('create', 'it is read from now on');
const METRIC_REMOVED = effect('destroy', 'it is not read any more');
const POLICY_ADDED = effect('create', 'the size follows it from the next check on');
const POLICY_REMOVED = effect(
  'destroy',
  'the size does not follow it any more, and stays as it is until something else changes it',
);
const ACTION_ADDED = effect('create', 'carried out when it falls due the next time');
const ACTION_REMOVED = effect('destroy', 'not carried out any more; a minimum or maximum that it has set is over');

/** What differs between the metrics, policies and scheduled actions of two states of a group. */
export function diffScaling(
  before: AutoScalingGroup,
  after: AutoScalingGroup,
  path: string,
  shown: ShownSettings,
): FleetChange[] {
  return [
    ...diffNamed(`${path}metrics`, before.metrics, after.metrics, {
      summary: ({ source, intervalMs }) => `${source}, every ${formatDuration(intervalMs)}`,
      facts: (metric) => metricFacts(metric, shown),
      added: METRIC_ADDED,
      removed: METRIC_REMOVED,
    }),
    ...diffNamed(`${path}scalingPolicies`, before.scalingPolicies, after.scalingPolicies, {
      summary: ({ type, metric }) => `${type} of ${metric}`,
      facts: policyFacts,
      added: POLICY_ADDED,
      removed: POLICY_REMOVED,
    }),
    ...diffNamed(`${path}scheduledActions`, before.scheduledActions, after.scheduledActions, {
      summary: ({ schedule }) => inWords(schedule),
      facts: actionFacts,
      added: ACTION_ADDED,
      removed: ACTION_REMOVED,
    }),
  ];
}

function metricFacts({ source, settings, intervalMs, timeoutMs, maxAgeMs }: Metric, shown: ShownSettings): Facts {
  return {
    source: fact(source, NEXT_CHECK),
    interval: fact(formatDuration(intervalMs), NEXT_CHECK),
    timeout: fact(formatDuration(timeoutMs), NEXT_CHECK),
    maxAge: fact(formatDuration(maxAgeMs), NEXT_CHECK),
    ...settingFacts(settings, shown.source(source, settings), NEXT_CHECK),
  };
}

function policyFacts({ name: _, ...policy }: ScalingPolicy): Facts {
  const { steps, ...rest } = { steps: null, ...policy };
  return {
    ...flat('', rest),
    ...(steps === null ? {} : { steps: fact(steps.map(stepInWords).join(', '), NEXT_CHECK) }),
  };
}

function stepInWords({ lowerBound, upperBound, adjustment }: Step): string {
  return `${lowerBound ?? ''}..${upperBound ?? ''}: ${adjustment}`;
}

function actionFacts({ name: _, schedule, ...action }: ScheduledAction): Facts {
  const { kind, ...when } = schedule;
  const facts = flat('', { ...when, ...action });
  const { expression: cron, ...others } = facts;
  return cron === undefined ? others : { cron, ...others };
}

/** Of an object and those inside of it; what is null is left out, as in the file. */
function flat(prefix: string, object: object): Facts {
  const facts = Object.entries(object).flatMap(([key, value]: [string, unknown]): (readonly [string, Fact])[] => {
    if (value === null) return [];
    if (typeof value === 'object') return Object.entries(flat(`${prefix}${key}.`, value));
    const isTime = typeof value === 'number' && /^at$|At$/.test(key);
    return [setting(`${prefix}${key}`, isTime ? new Date(value).toISOString() : value, NEXT_CHECK)];
  });
  return Object.fromEntries(facts);
}
