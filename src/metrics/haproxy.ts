import { z } from 'zod';
import type { Target, TargetGroupObservation } from '../model/observation.ts';
import type { MetricContext, Observed } from '../ports/metric-source.ts';
import { nameSchema } from '../settings/fields.ts';
import { type Found, Missing, metricSourceType, polledSource } from './source.ts';
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
        'requestsPerSecond of all targets; requestsPerTarget: the same for each target that gets requests; openRequests being answered; queueLength: requests that wait for a target; responseTime in milliseconds; errorShare: answers with 5xx, from 0 to 1.',
      ),
  });
}

/** What HAProxy counts, from the observations that Drover makes anyway. */
export const haproxyMetric = metricSourceType({
  name: 'haproxy',
  schema,
  create: ({ targetGroup, measure }, context) => {
    const window = new TrafficWindow();
    return polledSource(context.clock, async () => {
      const { observed, group } = newestOf(targetGroup, context, window);
      window.add(observed, group.traffic);
      return { ...measured(measure, group, window, context), at: observed.at };
    });
  },
});

/** A target group is behind one load balancer at most. */
function newestOf(
  name: string,
  { observations }: MetricContext,
  window: TrafficWindow,
): { observed: Observed; group: TargetGroupObservation } {
  for (const observed of observations()) {
    const group = observed.observation.targetGroups.find((one) => one.name === name);
    if (group === undefined) continue;
    const { partial } = observed.observation;
    if (partial !== null) throw new Missing('failed', `the traffic of ${name} is known in part only: ${partial}`);
    return { observed, group };
  }
  window.forget();
  throw new Missing('absent', `no load balancer that has been seen has the target group ${name}`);
}

function measured(
  measure: Measure,
  group: TargetGroupObservation,
  window: TrafficWindow,
  context: MetricContext,
): Omit<Found, 'at'> {
  const { traffic } = group;
  switch (measure) {
    case 'openRequests':
      return { value: amount(traffic.openRequests) };
    case 'queueLength':
      return { value: amount(traffic.queuedRequests) };
    case 'requestsPerSecond':
      return { value: requestsPerSecond(group, window) };
    case 'requestsPerTarget':
      return perTarget(group, requestsPerSecond(group, window), context);
    case 'errorShare': {
      const { responses, errors5xx } = answered(group, window);
      return { value: responses === 0 ? 0 : Math.min(1, errors5xx / responses) };
    }
    case 'responseTime':
      // HAProxy goes on reporting the mean of the last requests however long ago they were.
      return { value: answered(group, window).responses === 0 ? 0 : amount(traffic.responseTimeMs) };
  }
}

function requestsPerSecond({ traffic }: TargetGroupObservation, window: TrafficWindow): number {
  const { requests, spanMs } = known(window.load(amount(traffic.openRequests) + amount(traffic.queuedRequests)));
  return (requests * 1000) / spanMs;
}

/** What was answered lately: nothing where there is nothing to answer, which is known as well as any number. */
function answered({ name, traffic }: TargetGroupObservation, window: TrafficWindow): Counted {
  const found = known(window.lately());
  const open = traffic.openRequests + traffic.queuedRequests;
  if (found.responses > 0 || (open === 0 && found.requests === 0)) return found;
  throw new Missing(
    'empty',
    `${name} has answered no request in the last ${Math.round(found.spanMs / 1000)} s, and ${open} are open`,
  );
}

function known(found: Counted | null): Counted {
  if (found === null)
    throw new Missing('empty', 'a rate needs two observations of the load balancer, a second apart or more');
  return found;
}

/**
 * Over the targets that get the requests: the healthy ones, and while there are none, those that have been (fail-open). Without a
 * request it is 0, whoever would have got one.
 */
function perTarget(
  { name, targets }: TargetGroupObservation,
  total: number,
  context: MetricContext,
): Omit<Found, 'at'> {
  const healthy = targets.filter(({ health }) => health === 'healthy');
  const receiving = healthy.length > 0 ? healthy : unhealthyInService(targets, context);
  const over = receiving.filter(({ instanceId }) => context.isOwn(instanceId)).length;
  if (receiving.length > 0) return { value: total / receiving.length, over };
  if (total === 0) return { value: 0, over };
  throw new Missing('empty', `${name} has no target that could get requests`);
}

/** One of the group's own that is not in service yet was never healthy; of those of other groups nobody knows here. */
function unhealthyInService(targets: readonly Target[], { servers, isOwn }: MetricContext): readonly Target[] {
  const inService = new Set(servers().map(({ instanceId }) => instanceId));
  return targets.filter(
    ({ health, instanceId }) => health === 'unhealthy' && (inService.has(instanceId) || !isOwn(instanceId)),
  );
}

function amount(value: number): number {
  if (value >= 0) return value;
  throw new Missing('notANumber', `HAProxy reports ${value}, which cannot be negative`);
}
