/** How a group's size follows what is measured and the calendar. The semantics are those of EC2 Auto Scaling, see docs/policies. */

import type { EpochMs } from './time.ts';

export type ScalingPolicy = TargetTrackingPolicy | StepPolicy | SimplePolicy | PredictivePolicy;

interface PolicyBase {
  readonly name: string;
  /** The name of one of the group's metrics. */
  readonly metric: string;
  readonly whenMissing: WhenMissing;
}

/**
 * Without a reading: `hold` changes nothing and agrees to no scaling in, `ignore` leaves the size to the other policies, `maxSize`
 * goes to the group's maximum.
 */
export const WHEN_MISSING = ['hold', 'ignore', 'maxSize'] as const;
export type WhenMissing = (typeof WHEN_MISSING)[number];

/**
 * `average`: the metric is what each server has, and falls as servers are added (CPU, requests per target).
 * `total`: the metric is what all have together, the target value what one of them can take (queue depth, requests per second).
 */
export const VALUE_KINDS = ['average', 'total'] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/** Keeps a metric at a value. */
export interface TargetTrackingPolicy extends PolicyBase {
  readonly type: 'targetTracking';
  readonly targetValue: number;
  readonly valueIs: ValueKind;
  /** Share of the target within which nothing is done: 0.1 is from 90 % to 110 %. */
  readonly tolerance: number;
  readonly scaleOut: Pace;
  readonly scaleIn: Pace;
  readonly disableScaleIn: boolean;
}

/** How fast a policy may go in one direction. */
export interface Pace {
  /** Of all sizes recommended within it the most cautious one counts: the smallest for out, the largest for in. 0: the newest. */
  readonly windowMs: number;
  /** The least time between two changes in this direction. */
  readonly cooldownMs: number;
  /** The most that may change within a time; null for no limit. */
  readonly maxChange: MaxChange | null;
}

export interface MaxChange {
  /** Null: only the other one limits. Where both are given the larger change is allowed. */
  readonly instances: number | null;
  readonly percent: number | null;
  readonly periodMs: number;
}

export const COMPARISONS = ['greaterThan', 'greaterThanOrEqual', 'lessThan', 'lessThanOrEqual'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const ADJUSTMENT_TYPES = ['changeInCapacity', 'exactCapacity', 'percentChangeInCapacity'] as const;
export type AdjustmentType = (typeof ADJUSTMENT_TYPES)[number];

/** What step and simple scaling have in common: an alarm on the metric. */
interface AlarmPolicy extends PolicyBase {
  readonly comparison: Comparison;
  readonly threshold: number;
  /** How long the metric must have been beyond the threshold. */
  readonly breachForMs: number;
  readonly adjustmentType: AdjustmentType;
  /** For percentages: the fewest servers by which the size changes; 0 for none. */
  readonly minAdjustmentMagnitude: number;
}

/** Changes the size by how far the metric is beyond its threshold; goes on reacting while servers warm up. */
export interface StepPolicy extends AlarmPolicy {
  readonly type: 'step';
  readonly steps: readonly Step[];
}

/** Bounds are relative to the threshold; null is without end. */
export interface Step {
  readonly lowerBound: number | null;
  readonly upperBound: number | null;
  readonly adjustment: number;
}

/** Changes the size by a fixed amount, then waits for the change to be done and for the cooldown. */
export interface SimplePolicy extends AlarmPolicy {
  readonly type: 'simple';
  readonly adjustment: number;
  readonly cooldownMs: number;
}

/** Forecasts from the days and weeks of the recorded history and acts ahead of the hour. Never scales in. */
export interface PredictivePolicy extends PolicyBase {
  readonly type: 'predictive';
  /** What one server can take of the metric's total. */
  readonly targetValue: number;
  readonly valueIs: ValueKind;
  readonly mode: 'forecastOnly' | 'forecastAndScale';
  /** How long before the hour servers are launched. */
  readonly schedulingBufferMs: number;
}

/** Sets the group's minimum, maximum or desired capacity by the calendar. */
export interface ScheduledAction {
  readonly name: string;
  readonly schedule:
    | { readonly kind: 'cron'; readonly expression: string; readonly timeZone: string }
    | { readonly kind: 'once'; readonly at: EpochMs };
  /** Not before and not after; null without. */
  readonly startAt: EpochMs | null;
  readonly endAt: EpochMs | null;
  readonly minSize: number | null;
  readonly maxSize: number | null;
  readonly desiredCapacity: number | null;
}

/** `0 8 * * MON-FRI (Europe/Berlin)`, or the moment in ISO 8601. */
export function inWords(schedule: ScheduledAction['schedule']): string {
  return schedule.kind === 'once'
    ? new Date(schedule.at).toISOString()
    : `${schedule.expression} (${schedule.timeZone})`;
}

/** Parts of a group's work that a person may switch off and on again, by AWS's names. */
export const SUSPENDABLE_PROCESSES = [
  'launch',
  'terminate',
  'healthCheck',
  'replaceUnhealthy',
  'alarmNotification',
  'scheduledActions',
  'addToLoadBalancer',
] as const;
export type SuspendableProcess = (typeof SUSPENDABLE_PROCESSES)[number];

/** What is not done while a process is suspended. */
export const SUSPENDED_EFFECTS: Record<SuspendableProcess, string> = {
  launch: 'nothing is launched, whatever size the group should have',
  terminate: 'nothing is terminated, neither to scale in nor to replace',
  healthCheck: 'failed health checks are not noted, so nothing is replaced for them',
  replaceUnhealthy: 'unhealthy servers are noted and left as they are',
  alarmNotification:
    'nothing follows from what is measured; policies are worked out and shown, and forecasts are still followed',
  scheduledActions: 'scheduled actions that fall due are passed over',
  addToLoadBalancer: 'new servers get no requests from their target groups',
};
