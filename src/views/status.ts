/** What Drover reports about itself: the shapes behind the local API, the command line and the live view. */

import type { FleetChange } from '../fleet/change.ts';
import type { Activity, StoredActivity } from '../model/activity.ts';
import type { Hold } from '../model/hold.ts';
import type { InstanceId, InstanceStateName } from '../model/instance.ts';
import type { ScheduledAction, SuspendableProcess } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';

/** The fleet as a whole, without what it consists of. */
export interface FleetSummary {
  readonly at: EpochMs;
  /** Its name; empty before there is a fleet. */
  readonly fleet: string;
  /** Drover's own version. */
  readonly version: string;
  readonly pid: number;
  readonly startedAt: EpochMs;
  /** The version of the fleet that is in force; 0 before there is one. */
  readonly fleetVersion: number;
  /** The file that owns the fleet; null where the API does. */
  readonly fleetFile: string | null;
  readonly dataDir: string;
  /** `down` once everything is being ended. */
  readonly mode: 'up' | 'down';
  /** What the fleet says and could not be done yet, with the error, in sentences. */
  readonly pending: readonly string[];
  /** How many programming errors in Drover itself were met since it started. */
  readonly defects: number;
}

export interface FleetStatus extends FleetSummary {
  readonly loadBalancers: readonly LoadBalancerStatus[];
  readonly groups: readonly GroupStatus[];
}

export interface LoadBalancerStatus {
  readonly name: string;
  readonly state: 'starting' | 'running' | 'unreachable' | 'stopped';
  /** HAProxy's version; null before it was seen. */
  readonly version: string | null;
  /** Why it is unreachable, or the last refusal of a change; empty otherwise. */
  readonly detail: string;
  readonly listeners: readonly { readonly url: string; readonly targetGroup: string }[];
  readonly statsUrl: string | null;
  readonly targetGroups: readonly TargetGroupStatus[];
}

export interface TargetGroupStatus {
  readonly name: string;
  /** The load balancer that has it behind a listener; null where none has. */
  readonly loadBalancer: string | null;
  readonly algorithm: string;
  readonly healthy: number;
  /** Without those on their way out. */
  readonly total: number;
  readonly requestsPerSecond: number;
  readonly errors5xxPerSecond: number;
  /** Tries of requests that were repeated, on the same server or on another one, since the load balancer was seen first. */
  readonly retried: number;
  readonly openRequests: number;
  readonly queuedRequests: number;
}

/** A group without its instances. */
export interface GroupSummary {
  readonly name: string;
  /** The target groups in which its servers are. */
  readonly targetGroups: readonly string[];
  /** Where new servers come from. */
  readonly provider: string;
  readonly desired: number;
  /** The minimum and maximum in force: the fleet file's, or a scheduled action's. */
  readonly minSize: number;
  readonly maxSize: number;
  readonly inService: number;
  readonly pending: number;
  readonly terminating: number;
  /** Of those in service. */
  readonly unhealthy: number;
  /** Null while launching is not suspended. */
  readonly launchSuspended: string | null;
  /** What a person has switched off. */
  readonly suspendedProcesses: readonly SuspendableProcess[];
  /** As of the newest decision. */
  readonly policies: readonly PolicyExplanation[];
  /** Why what would be done is not done now. */
  readonly holds: readonly Hold[];
  /** What stays as it is until a person acts, in sentences: servers of an older launch template. */
  readonly notes: readonly string[];
  /** The absolute path of the desired capacity file; null where the group has none. */
  readonly desiredCapacityFile: string | null;
}

export interface GroupStatus extends GroupSummary {
  readonly instances: readonly InstanceStatus[];
}

/** A part of a list, and where the next part begins. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** To be given as `cursor` for the next part; null where there is none. */
  readonly next: string | null;
}

/** Where servers come from. */
export interface ProviderStatus {
  readonly name: string;
  readonly type: string;
  /** `blind` while its machines cannot be seen: nothing is decided about them meanwhile. */
  readonly state: 'opening' | 'seen' | 'blind';
  /** Why it is blind; empty otherwise. */
  readonly detail: string;
  /** Why nothing is asked of it now; null where it takes requests. */
  readonly throttled: string | null;
  readonly zones: readonly ZoneStatus[];
}

export interface ZoneStatus {
  readonly name: string;
  /** Why its machines cannot be seen; null where they can. */
  readonly unseen: string | null;
}

export interface InstanceStatus {
  readonly id: InstanceId;
  readonly group: string;
  /** AWS's lifecycle state: Pending, InService, Terminating. */
  readonly lifecycleState: string;
  readonly state: InstanceStateName;
  /** When it came into this state. */
  readonly since: EpochMs;
  readonly createdAt: EpochMs;
  readonly health: 'unknown' | 'healthy' | 'unhealthy';
  /** Why it is unhealthy, why it is ended, or what it waits for; empty when there is nothing to say. */
  readonly detail: string;
  /** `address:port`, the address alone where no port is known; null before there is one. */
  readonly endpoint: string | null;
  readonly provider: string;
  readonly machineId: string | null;
  /** What the provider says of the machine: `pid 4711`; empty when it says nothing. */
  readonly machineDetail: string;
  /** Where it was launched, and as what; null where its provider has one place, and where its launch template names no types. */
  readonly zone: string | null;
  readonly instanceType: string | null;
  readonly targets: readonly TargetStatus[];
}

export interface TargetStatus {
  readonly targetGroup: string;
  readonly health: string;
  readonly detail: string;
  readonly openRequests: number;
  readonly requestsTotal: number;
  /** These two over the last whole interval of its outlier detection; 0 before there was one. */
  readonly requestsPerSecond: number;
  /** From 0 to 1. */
  readonly errorShare: number;
  /** Mean of HAProxy's last 512 requests. */
  readonly responseTimeMs: number;
}

/** What a policy sees, wants and why. */
export interface PolicyExplanation {
  readonly policy: string;
  readonly type: string;
  /** The name of the metric that it follows. */
  readonly metric: string;
  /** The metric's value, or why there is none. */
  readonly sees: string;
  /** The size that it wants, before the group's minimum and maximum; null for no opinion. */
  readonly wants: number | null;
  readonly agreesToScaleIn: boolean;
  /** One sentence with the numbers in it. */
  readonly why: string;
  /** What made it want less than it would: `tolerance`, `scaleInWindow`, `cooldown`, `maxChange`, ...; null for nothing. */
  readonly cappedBy: string | null;
  /** Until when it waits; null when it does not, or depends on something else. */
  readonly waitsUntil: EpochMs | null;
}

/** Why a group has the size that it has, and why nothing else happens. */
export interface Explanation {
  readonly at: EpochMs;
  readonly group: GroupSizeExplanation;
  readonly policies: readonly PolicyExplanation[];
  readonly scheduledActions: readonly ScheduledActionExplanation[];
  readonly suspendedProcesses: readonly SuspendableProcess[];
  /** What the next check would do. */
  readonly next: readonly Activity[];
  /** Why what would be done is not done now. */
  readonly holds: readonly Hold[];
  /** The group's newest activities, the oldest of them first. */
  readonly activities: readonly StoredActivity[];
}

export interface GroupSizeExplanation {
  readonly name: string;
  readonly desired: number;
  /** The minimum and maximum in force. */
  readonly minSize: number;
  readonly maxSize: number;
  /** Those of the fleet file: others are in force once a scheduled action has set them. */
  readonly fleetMinSize: number;
  readonly fleetMaxSize: number;
  readonly inService: number;
  readonly pending: number;
  readonly terminating: number;
}

export interface ScheduledActionExplanation
  extends Pick<ScheduledAction, 'name' | 'minSize' | 'maxSize' | 'desiredCapacity'> {
  /** When, as the fleet file says it: `0 8 * * MON-FRI (Europe/Berlin)`. */
  readonly schedule: string;
  /** Null for never again. */
  readonly nextAt: EpochMs | null;
}

/** What the next check would do; nothing is changed to find out. */
export interface Plan {
  readonly at: EpochMs;
  /** What re-reading the fleet file would change; empty when it is as applied. */
  readonly fleetChanges: readonly FleetChange[];
  /** Those that are not as they should be. */
  readonly loadBalancers: readonly LoadBalancerPlan[];
  readonly groups: readonly GroupPlan[];
}

export interface LoadBalancerPlan {
  readonly loadBalancer: string;
  /** Why its change or its observation failed, or which limit is reached. */
  readonly detail: string;
}

export interface GroupPlan {
  readonly group: string;
  readonly activities: readonly Activity[];
  readonly holds: readonly Hold[];
  /** What stays as it is until a person acts, in sentences: servers of an older launch template. */
  readonly notes: readonly string[];
}
