import type { Activity, ActivityLevel, ActivityReason, Capacity, StoredActivity } from '../model/activity.ts';
import type { History } from '../model/fleet.ts';
import type { FleetVersion, FleetVersionSummary } from '../model/fleet-version.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { NotificationCursor } from '../model/notification.ts';
import type { EpochMs } from '../model/time.ts';

/**
 * What must survive. The contract, checked by `test/conformance/store.ts`:
 *
 * - `commit` is one transaction: all of it is durable when it resolves, or none of it ever happened.
 * - `load` returns what the last commit left; terminated instances are kept for people, not returned.
 * - `activities`, samples and versions of the fleet are bounded: the oldest go first.
 */
export interface Store {
  load(): Promise<StoredState>;
  commit(change: Change): Promise<void>;
  activities(query: ActivityQuery): Promise<readonly StoredActivity[]>;
  recordSamples(samples: Samples): Promise<void>;
  /** Values of one moment; those of one minute are averaged. */
  recordMetrics(at: EpochMs, samples: readonly MetricSample[]): Promise<void>;
  /**
   * What a metric was since a time, averaged over buckets that begin at multiples of `bucketMs`, oldest first; without those in
   * which there was no value. What is long ago is only known by the hour, and stands at the beginning of it.
   */
  metricHistory(group: string, metric: string, sinceMs: EpochMs, bucketMs: number): Promise<readonly MetricAverage[]>;
  /** What a target group's traffic was since a time, in the same way. */
  trafficHistory(targetGroup: string, sinceMs: EpochMs, bucketMs: number): Promise<readonly TrafficAverage[]>;
  /** The sizes of a group that activities have recorded since a time, oldest first; the newest 10,000. */
  capacityHistory(group: string, sinceMs: EpochMs): Promise<readonly CapacitySample[]>;
  /** The versions of the desired fleet that are kept, the newest first. */
  fleetVersions(): Promise<readonly FleetVersionSummary[]>;
  /** @param number null for the newest @returns null where there is none, or none any more */
  fleetVersion(number: number | null): Promise<FleetVersion | null>;
  /** How far each destination of notifications has come. */
  notificationCursors(): Promise<readonly NotificationCursor[]>;
  /** Deletes what is beyond the bounds. Called now and then. */
  prune(keep: History): Promise<void>;
  close(): Promise<void>;
}

/** What a store has recorded of metrics, for whoever only reads: nothing is changed, also while a controller writes to it. */
export interface RecordedMetrics {
  metric(group: string, name: string): Promise<RecordedMetric>;
  close(): Promise<void>;
}

/** Averages, oldest first. */
export interface RecordedMetric {
  /** What is older than the minutes. */
  readonly hours: readonly MetricAverage[];
  readonly minutes: readonly MetricAverage[];
}

export interface StoredState {
  readonly groups: ReadonlyMap<string, GroupMemory>;
  /** Not terminated, in the order of creation. */
  readonly instances: readonly Instance[];
}

export interface Change {
  /** The group whose memory is replaced; null when only instances or activities change. */
  readonly memory: { readonly group: string; readonly value: GroupMemory } | null;
  /** Inserted or replaced, by id. */
  readonly instances: readonly Instance[];
  readonly activities: readonly Activity[];
  /** A new version of the desired fleet; where its number is taken, the whole change is refused. */
  readonly fleetVersion?: FleetVersion;
  /** Inserted or replaced, by name. */
  readonly notificationCursors?: readonly NotificationCursor[];
  /** The names of destinations that there are no more: their cursors are deleted. */
  readonly endedNotifications?: readonly string[];
  /**
   * The lease under which this was decided, where several controllers share a store: whoever takes a group over has a higher one than all before. The
   * whole change is refused (`leaseLost`) when a higher one was committed for one of its groups. Without one, nobody else decides for them.
   */
  readonly leaseEpoch?: number;
}

export interface ActivityQuery {
  readonly group?: string;
  /** Only those about one of these groups. */
  readonly groups?: readonly string[];
  readonly instanceId?: InstanceId;
  /** At least this severe. */
  readonly level?: ActivityLevel;
  readonly reasons?: readonly ActivityReason[];
  /** Only those recorded after this sequence number, oldest first; without it the newest `limit`, still oldest first. */
  readonly afterSequence?: number;
  /** Only those recorded before this one. */
  readonly beforeSequence?: number;
  readonly limit: number;
}

export interface Samples {
  readonly at: EpochMs;
  readonly traffic: readonly TrafficSample[];
  readonly health: readonly HealthSample[];
}

export interface MetricSample {
  readonly group: string;
  readonly metric: string;
  readonly value: number;
}

export interface MetricAverage {
  /** The beginning of the bucket. */
  readonly at: EpochMs;
  readonly value: number;
}

/** One target group over the time since the sample before. */
export interface TrafficSample {
  readonly loadBalancer: string;
  readonly targetGroup: string;
  readonly intervalMs: number;
  readonly requests: number;
  readonly errors5xx: number;
  readonly openRequests: number;
  readonly queuedRequests: number;
  readonly responseTimeMs: number;
  readonly healthyTargets: number;
  readonly totalTargets: number;
}

/** The traffic of a target group, over all its load balancers. */
export interface TrafficAverage {
  /** The beginning of the bucket. */
  readonly at: EpochMs;
  readonly requestsPerSecond: number;
  readonly errors5xxPerSecond: number;
  readonly openRequests: number;
  readonly queuedRequests: number;
  readonly responseTimeMs: number;
  readonly healthyTargets: number;
  readonly totalTargets: number;
}

/** The size of a group after an activity. */
export interface CapacitySample extends Capacity {
  readonly at: EpochMs;
}

/** One target whose health was seen to change. */
export interface HealthSample {
  readonly targetGroup: string;
  readonly instanceId: InstanceId;
  readonly health: string;
  readonly detail: string;
}
