import { z } from 'zod';
import { nameSchema } from '../model/fleet-file/fields.ts';
import type { TargetGroupObservation } from '../model/observation.ts';
import type { Observed } from '../ports/metric-source.ts';
import { lookingSource, Missing, metricSourceType } from './source.ts';
import { type Counted, TrafficWindow } from './traffic-window.ts';

const MEASURES = [
  'requestsPerSecond',
  'requestsPerTarget',
  'openRequests',
  'queueLength',
  'responseTime',
  'errorShare',
] as const;
type Measure = (typeof MEASURES)[number];

function schema() {
  return z.strictObject({
    targetGroup: nameSchema.describe('The target group that is measured.'),
    measure: z
      .enum(MEASURES)
      .describe(
        'requestsPerSecond of all targets; requestsPerTarget: the same for each healthy target; openRequests being answered; queueLength: requests that wait for a target; responseTime in milliseconds; errorShare: answers with 5xx, from 0 to 1.',
      ),
  });
}

/** What HAProxy counts, from the looks that Drover takes at it anyway. */
export const haproxyMetric = metricSourceType({
  name: 'haproxy',
  schema,
  create: ({ targetGroup, measure }, { clock, observations }) => {
    const window = new TrafficWindow();
    return lookingSource(clock, async () => {
      const { look, group } = newestOf(targetGroup, observations());
      window.add(look, group.traffic);
      return { value: measured(measure, group, window), at: look.at };
    });
  },
});

/** A target group is behind one load balancer at most. */
function newestOf(name: string, observations: readonly Observed[]): { look: Observed; group: TargetGroupObservation } {
  for (const look of observations) {
    const group = look.observation.targetGroups.find((one) => one.name === name);
    if (group === undefined) continue;
    const { partial } = look.observation;
    if (partial !== null) throw new Missing('failed', `the traffic of ${name} is known in part only: ${partial}`);
    return { look, group };
  }
  throw new Missing('absent', `no load balancer that has been seen has the target group ${name}`);
}

function measured(measure: Measure, group: TargetGroupObservation, window: TrafficWindow): number {
  const { traffic } = group;
  switch (measure) {
    case 'openRequests':
      return amount(traffic.openRequests);
    case 'queueLength':
      return amount(traffic.queuedRequests);
    case 'requestsPerSecond':
      return perSecond(counted(window));
    case 'requestsPerTarget':
      return perSecond(counted(window)) / healthyTargets(group);
    case 'errorShare': {
      const { requests, errors5xx } = withRequests(group, window);
      return Math.min(1, errors5xx / requests);
    }
    case 'responseTime':
      // HAProxy goes on telling the mean of the last requests however long ago they were.
      withRequests(group, window);
      return amount(traffic.responseTimeMs);
  }
}

function counted(window: TrafficWindow): Counted {
  const found = window.counted();
  if (found === null) throw new Missing('empty', 'a rate needs two looks at the load balancer, a second apart or more');
  return found;
}

function withRequests({ name }: TargetGroupObservation, window: TrafficWindow): Counted {
  const found = counted(window);
  if (found.requests > 0) return found;
  throw new Missing('empty', `${name} had no request in the last ${Math.round(found.spanMs / 1000)} s`);
}

function healthyTargets({ name, targets }: TargetGroupObservation): number {
  const healthy = targets.filter(({ health }) => health === 'healthy').length;
  if (healthy > 0) return healthy;
  throw new Missing('empty', `${name} has no healthy target to which requests could be related`);
}

function perSecond({ requests, spanMs }: Counted): number {
  return (requests * 1000) / spanMs;
}

function amount(value: number): number {
  if (value >= 0) return value;
  throw new Missing('notANumber', `HAProxy tells ${value}, which cannot be negative`);
}
