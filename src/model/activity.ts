/** What Drover did, or refused to do, and why: one record for each decision, kept in the store and shown to people. */

import type { ActivityLevel } from './activity-level.ts';
import type { InstanceId } from './instance.ts';
import type { JsonObject } from './json.ts';
import type { EpochMs } from './time.ts';

export type { ActivityLevel } from './activity-level.ts';

export interface Activity {
  readonly at: EpochMs;
  /** Null for what concerns the whole fleet or a load balancer. */
  readonly group: string | null;
  readonly instanceId: InstanceId | null;
  readonly level: ActivityLevel;
  /** Machine-readable and stable; the list is in docs/activities.md. */
  readonly reason: ActivityReason;
  /** One sentence for a person, with the numbers in it. */
  readonly message: string;
  /** What kept the action smaller than wanted (`maxSize`, `minSize`, `healthBrake`, ...); null when nothing did. */
  readonly cappedBy: string | null;
  readonly before: Capacity | null;
  readonly after: Capacity | null;
  /** The calculation that it follows from, as data: what each scaling policy saw and wanted; null where there is none. */
  readonly explanation: JsonObject | null;
}

/** What most activities have nothing to say about. */
export const PLAIN_ACTIVITY = {
  group: null,
  instanceId: null,
  level: 'info',
  cappedBy: null,
  before: null,
  after: null,
  explanation: null,
} as const satisfies Partial<Activity>;

/** An activity as the store returns it. */
export interface StoredActivity extends Activity {
  /** Ascending in the order of recording, without reuse. */
  readonly sequence: number;
}

export interface Capacity {
  readonly desired: number;
  readonly inService: number;
  /** Every machine that is not gone. */
  readonly total: number;
}

export const ACTIVITY_REASONS = [
  'controllerStarted',
  'controllerStopped',
  'defect',
  'clockChanged',
  'fleetChanged',
  'fleetFileRefused',
  'fleetDown',
  'reconcileFailed',
  'reconciled',
  'desiredCapacityChanged',
  'desiredCapacityRefused',
  'desiredCapacityFileReadable',
  'scaledOut',
  'scaledIn',
  'scheduledAction',
  'metricMissing',
  'metricVisible',
  'launch',
  'launched',
  'launchFailed',
  'noCapacity',
  'launchHeld',
  'launchSuspended',
  'crashLoop',
  'crashLoopEnded',
  'launchResumed',
  'processSuspended',
  'processResumed',
  'adopted',
  'orphanFound',
  'orphanEnded',
  'registered',
  'inService',
  'unhealthy',
  'recovered',
  'healthDisputed',
  'targetOutlier',
  'neverHealthy',
  'machineStopped',
  'machineGone',
  'scaleIn',
  'scaleInCancelled',
  'repairing',
  'replaceUnhealthy',
  'replacementHeld',
  'replacementResumed',
  'operatorDrain',
  'operatorTerminate',
  'drained',
  'drainTimedOut',
  'terminationCommand',
  'terminationCommandFailed',
  'terminated',
  'terminateFailed',
  'zoneUnseen',
  'zoneVisible',
  'providerBlind',
  'providerVisible',
  'loadBalancerBlind',
  'loadBalancerVisible',
  'loadBalancerDied',
  'loadBalancerHung',
  'loadBalancerStarted',
  'loadBalancerReloaded',
  'openRequestsCut',
  'loadBalancerRefused',
  'loadBalancerRecovered',
  'limitReached',
  'connectionLimitLow',
  'notificationFailed',
  'notificationRecovered',
] as const;
export type ActivityReason = (typeof ACTIVITY_REASONS)[number];
