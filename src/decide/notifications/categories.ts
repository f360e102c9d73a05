import type { ActivityLevel, ActivityReason } from '../../model/activity.ts';
import type { NotificationCategory } from '../../model/notification.ts';

interface Sort {
  readonly category: NotificationCategory;
  /** What it ends is this severe: whoever hears of a beginning hears of its end. */
  readonly ends?: ActivityLevel;
}

/** Named for each reason, so that the compiler asks for a new one. */
const SORTS: { readonly [Reason in ActivityReason]: Sort } = {
  controllerStarted: { category: 'fleet' },
  controllerStopped: { category: 'fleet' },
  defect: { category: 'failures' },
  clockChanged: { category: 'fleet' },
  fleetChanged: { category: 'fleet' },
  fleetFileRefused: { category: 'fleet' },
  fleetDown: { category: 'fleet' },
  reconcileFailed: { category: 'failures' },
  reconciled: { category: 'failures', ends: 'error' },
  desiredCapacityChanged: { category: 'scaling' },
  desiredCapacityRefused: { category: 'scaling' },
  desiredCapacityFileReadable: { category: 'scaling', ends: 'warning' },
  scaledOut: { category: 'scaling' },
  scaledIn: { category: 'scaling' },
  scheduledAction: { category: 'scaling' },
  metricMissing: { category: 'blindness' },
  metricVisible: { category: 'blindness', ends: 'warning' },
  launch: { category: 'launches' },
  launched: { category: 'launches' },
  launchFailed: { category: 'failures' },
  noCapacity: { category: 'failures' },
  launchHeld: { category: 'suspensions' },
  launchSuspended: { category: 'suspensions' },
  crashLoop: { category: 'suspensions' },
  crashLoopEnded: { category: 'suspensions', ends: 'warning' },
  launchResumed: { category: 'suspensions', ends: 'error' },
  processSuspended: { category: 'suspensions' },
  processResumed: { category: 'suspensions', ends: 'warning' },
  adopted: { category: 'launches' },
  orphanFound: { category: 'failures' },
  orphanEnded: { category: 'terminations' },
  registered: { category: 'launches' },
  inService: { category: 'launches' },
  unhealthy: { category: 'health' },
  recovered: { category: 'health', ends: 'warning' },
  healthDisputed: { category: 'health' },
  targetOutlier: { category: 'health' },
  neverHealthy: { category: 'health' },
  machineStopped: { category: 'health' },
  machineGone: { category: 'health' },
  scaleIn: { category: 'terminations' },
  scaleInCancelled: { category: 'terminations' },
  replaceUnhealthy: { category: 'terminations' },
  repairing: { category: 'health' },
  replacementHeld: { category: 'brakes' },
  replacementResumed: { category: 'brakes', ends: 'warning' },
  operatorDrain: { category: 'terminations' },
  operatorTerminate: { category: 'terminations' },
  drained: { category: 'terminations' },
  drainTimedOut: { category: 'terminations' },
  terminationCommand: { category: 'terminations' },
  terminationCommandFailed: { category: 'failures' },
  terminated: { category: 'terminations' },
  terminateFailed: { category: 'failures' },
  zoneUnseen: { category: 'blindness' },
  zoneVisible: { category: 'blindness', ends: 'warning' },
  providerBlind: { category: 'blindness' },
  providerVisible: { category: 'blindness', ends: 'warning' },
  loadBalancerBlind: { category: 'blindness' },
  loadBalancerVisible: { category: 'blindness', ends: 'warning' },
  loadBalancerDied: { category: 'failures' },
  loadBalancerHung: { category: 'failures' },
  loadBalancerStarted: { category: 'failures', ends: 'error' },
  loadBalancerReloaded: { category: 'fleet' },
  openRequestsCut: { category: 'failures' },
  loadBalancerRefused: { category: 'failures' },
  loadBalancerRecovered: { category: 'failures', ends: 'error' },
  limitReached: { category: 'failures' },
  connectionLimitLow: { category: 'failures' },
  notificationFailed: { category: 'notifications' },
  notificationRecovered: { category: 'notifications', ends: 'error' },
};

export function categoryOf(reason: ActivityReason): NotificationCategory {
  return SORTS[reason].category;
}

/** How severe the matter is that an activity belongs to. */
export function weightOf({
  reason,
  level,
}: {
  readonly reason: ActivityReason;
  readonly level: ActivityLevel;
}): ActivityLevel {
  return worse(level, SORTS[reason].ends ?? 'info');
}

/** From the least to the most severe. */
const LEVELS: readonly ActivityLevel[] = ['info', 'warning', 'error'];

/** Whether a level is as severe as another one, or more. */
export function isAtLeast(level: ActivityLevel, other: ActivityLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(other);
}

/** The more severe of two. */
export function worse(one: ActivityLevel, other: ActivityLevel): ActivityLevel {
  return isAtLeast(one, other) ? one : other;
}
