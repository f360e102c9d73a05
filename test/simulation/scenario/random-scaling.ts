import type { AutoScalingGroup } from '../../../src/model/fleet.ts';
import type { Metric } from '../../../src/model/metric.ts';
import {
  type MaxChange,
  type Pace,
  type PredictivePolicy,
  type ScalingPolicy,
  type ScheduledAction,
  type SimplePolicy,
  type Step,
  type StepPolicy,
  type TargetTrackingPolicy,
  type ValueKind,
  WHEN_MISSING,
} from '../../../src/model/scaling-policy.ts';
import { LOAD_OF_A_SERVER } from '../world/measures.ts';
import type { Random } from '../world/random.ts';
import { measuring } from '../world/sim-metric-source.ts';
import { WORLD_BEGINS } from '../world/virtual-clock.ts';

/** Actions fall due while a run is not calm yet. */
const DUE_WITHIN_S = 140;
/** Below this share of what one server is made for policies take one away: so few that they do not want it back at once. */
const IDLE_SHARE = 0.3;

/** How a group follows what is measured of it, and the calendar. */
export type Scaling = Pick<AutoScalingGroup, 'metrics' | 'scalingPolicies' | 'scheduledActions'>;

export function randomScaling(group: Omit<AutoScalingGroup, keyof Scaling>, random: Random): Scaling {
  const scalingPolicies = random.chance(0.35) ? randomPolicies(random) : [];
  const count = random.chance(0.2) ? random.int(1, 2) : 0;
  const scheduledActions = Array.from({ length: count }, (_, index) => randomAction(`action-${index}`, random));
  const metrics = metricsFor(group.name, scalingPolicies, random);
  return { metrics, scalingPolicies, scheduledActions: withinReach({ ...group, scheduledActions }) };
}

/** Policies that come to rest together: under a load that stays as it is each set of them wants one size in the end. */
export function randomPolicies(random: Random): readonly ScalingPolicy[] {
  const kind = (): ValueKind => random.pick(['average', 'total']);
  const sets: readonly (() => readonly ScalingPolicy[])[] = [
    () => [tracking('track', 'average', random)],
    () => [tracking('track', 'total', random)],
    () => [tracking('track', 'total', random), tracking('other', 'average', random)],
    () => [{ ...tracking('track', kind(), random), disableScaleIn: true }, idleSteps(random)],
    () => [busySteps(random), idleSteps(random)],
    () => [busySimple(random), idleSimple(random)],
    // Where one keeps it, no server has as much as makes the other add some.
    () => [
      { ...tracking('track', kind(), random), targetValue: 0.5 * LOAD_OF_A_SERVER },
      busySimple(random),
      idleSteps(random),
    ],
    () => exactSteps(random),
    () => [predictive(random), tracking('track', 'total', random)],
  ];
  return random.pick(sets)();
}

/** Each of the metrics that the policies follow. */
export function metricsFor(group: string, policies: readonly ScalingPolicy[], random: Random): readonly Metric[] {
  return (['total', 'average'] as const).flatMap((measure): Metric[] => {
    if (!policies.some(({ metric }) => metric === measure)) return [];
    const intervalMs = random.pick([1_000, 2_000, 5_000]);
    const timeoutMs = random.pick([500, intervalMs]);
    const maxAgeMs = random.pick([intervalMs + timeoutMs, 15_000, 60_000]);
    return [
      { name: measure, source: 'simulated', settings: measuring(group, measure), intervalMs, timeoutMs, maxAgeMs },
    ];
  });
}

/** The actions as a valid fleet file may have them, whatever became of the group's bounds. */
export function withinReach({
  minSize,
  maxSize,
  scheduledActions,
}: Pick<AutoScalingGroup, 'minSize' | 'maxSize' | 'scheduledActions'>): readonly ScheduledAction[] {
  const highest = Math.max(maxSize, ...scheduledActions.map((action) => action.maxSize ?? 0));
  const sized = scheduledActions.map((action) => {
    const most = action.maxSize ?? highest;
    return { ...action, minSize: action.minSize === null ? null : Math.min(action.minSize, most) };
  });
  const lowest = Math.min(minSize, ...sized.flatMap((action) => action.minSize ?? []));
  return sized.map((action) => {
    const least = action.minSize ?? lowest;
    const maxOfAction = action.maxSize === null ? null : Math.max(action.maxSize, least);
    const most = maxOfAction ?? highest;
    const { desiredCapacity: desired } = action;
    const desiredCapacity = desired === null ? null : Math.max(least, Math.min(most, desired));
    return { ...action, maxSize: maxOfAction, desiredCapacity };
  });
}

function common(metric: ValueKind, random: Random) {
  return { metric, whenMissing: random.pick([...WHEN_MISSING, 'hold'] as const) };
}

function tracking(name: string, valueIs: ValueKind, random: Random): TargetTrackingPolicy {
  return {
    type: 'targetTracking',
    name,
    ...common(valueIs, random),
    targetValue: LOAD_OF_A_SERVER * random.pick([0.5, 1, 1.5]),
    valueIs,
    tolerance: random.pick([0, 0.1, 0.3]),
    scaleOut: pace(random, [0, 0, 5_000]),
    scaleIn: pace(random, [0, 5_000, 20_000]),
    disableScaleIn: random.chance(0.15),
  };
}

function pace(random: Random, windowsMs: readonly number[]): Pace {
  const maxChange: MaxChange = {
    instances: random.int(1, 2),
    percent: random.pick([null, 20, 100]),
    periodMs: random.pick([2_000, 10_000, 20_000]),
  };
  return {
    windowMs: random.pick(windowsMs),
    cooldownMs: random.pick([0, 0, 5_000, 20_000]),
    maxChange: random.chance(0.3) ? maxChange : null,
  };
}

function alarm(metric: ValueKind, random: Random) {
  return { ...common(metric, random), breachForMs: random.pick([0, 3_000, 10_000]) };
}

function busySteps(random: Random): StepPolicy {
  const threshold = LOAD_OF_A_SERVER * random.pick([1, 1.5]);
  const isPercent = random.chance(0.3);
  return {
    type: 'step',
    name: 'busy',
    ...alarm('average', random),
    comparison: random.pick(['greaterThan', 'greaterThanOrEqual']),
    threshold,
    adjustmentType: isPercent ? 'percentChangeInCapacity' : 'changeInCapacity',
    minAdjustmentMagnitude: isPercent ? random.int(0, 2) : 0,
    steps: [
      { lowerBound: null, upperBound: LOAD_OF_A_SERVER, adjustment: isPercent ? 30 : 1 },
      { lowerBound: LOAD_OF_A_SERVER, upperBound: null, adjustment: isPercent ? 100 : 2 },
    ],
  };
}

function idleSteps(random: Random): StepPolicy {
  const isPercent = random.chance(0.3);
  return {
    type: 'step',
    name: 'idle',
    ...alarm('average', random),
    comparison: random.pick(['lessThan', 'lessThanOrEqual']),
    threshold: LOAD_OF_A_SERVER * IDLE_SHARE,
    adjustmentType: isPercent ? 'percentChangeInCapacity' : 'changeInCapacity',
    minAdjustmentMagnitude: 0,
    steps: [{ lowerBound: null, upperBound: null, adjustment: isPercent ? -30 : -1 }],
  };
}

function busySimple(random: Random): SimplePolicy {
  return {
    type: 'simple',
    name: 'busy',
    ...alarm('average', random),
    comparison: 'greaterThan',
    threshold: LOAD_OF_A_SERVER * random.pick([1, 1.5]),
    adjustmentType: 'changeInCapacity',
    minAdjustmentMagnitude: 0,
    adjustment: random.int(1, 2),
    cooldownMs: random.pick([0, 5_000, 20_000]),
  };
}

function idleSimple(random: Random): SimplePolicy {
  const idle = { comparison: 'lessThan', threshold: LOAD_OF_A_SERVER * IDLE_SHARE, adjustment: -1 } as const;
  return { ...busySimple(random), name: 'idle', ...idle };
}

/** One size for a small load and one for a large one. */
function exactSteps(random: Random): readonly StepPolicy[] {
  const exact = (adjustment: number): readonly Step[] => [{ lowerBound: null, upperBound: null, adjustment }];
  const policy = (name: string): Omit<StepPolicy, 'comparison' | 'threshold' | 'steps'> => ({
    type: 'step',
    name,
    ...alarm('total', random),
    adjustmentType: 'exactCapacity',
    minAdjustmentMagnitude: 0,
  });
  return [
    { ...policy('many'), comparison: 'greaterThan', threshold: 3 * LOAD_OF_A_SERVER, steps: exact(random.int(2, 6)) },
    { ...policy('few'), comparison: 'lessThan', threshold: 2 * LOAD_OF_A_SERVER, steps: exact(random.int(0, 2)) },
  ];
}

function predictive(random: Random): PredictivePolicy {
  return {
    type: 'predictive',
    name: 'daily',
    ...common('total', random),
    targetValue: LOAD_OF_A_SERVER,
    valueIs: 'total',
    mode: random.pick(['forecastOnly', 'forecastAndScale']),
    schedulingBufferMs: random.pick([0, 300_000]),
  };
}

/** It falls due in the first minutes of the world: at a moment, every minute for a while, or at a minute of the day. */
export function randomAction(name: string, random: Random): ScheduledAction {
  const dueAt = WORLD_BEGINS + 1_000 * random.int(5, DUE_WITHIN_S);
  const minute = random.int(1, 2);
  const when: readonly Pick<ScheduledAction, 'schedule' | 'startAt' | 'endAt'>[] = [
    { schedule: { kind: 'once', at: dueAt }, startAt: null, endAt: null },
    {
      schedule: { kind: 'cron', expression: '* * * * *', timeZone: 'UTC' },
      startAt: random.pick([null, WORLD_BEGINS + 30_000]),
      endAt: WORLD_BEGINS + 1_000 * DUE_WITHIN_S,
    },
    // An hour ahead of UTC in winter.
    {
      schedule: { kind: 'cron', expression: `${minute} 1 * * *`, timeZone: 'Europe/Berlin' },
      startAt: null,
      endAt: null,
    },
  ];
  const sizes: readonly Pick<ScheduledAction, 'minSize' | 'maxSize' | 'desiredCapacity'>[] = [
    { minSize: random.int(0, 3), maxSize: null, desiredCapacity: null },
    { minSize: null, maxSize: random.int(1, 10), desiredCapacity: null },
    { minSize: null, maxSize: null, desiredCapacity: random.int(0, 8) },
    { minSize: random.int(0, 3), maxSize: random.int(3, 10), desiredCapacity: random.int(0, 8) },
  ];
  return { name, ...random.pick(when), ...random.pick(sizes) };
}
