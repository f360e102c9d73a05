import { ExpectedError } from '../base/expected-error.ts';
import type { StoredActivity } from '../model/activity.ts';
import type { Health, InstanceId, InstanceStateName } from '../model/instance.ts';
import type { SuspendableProcess } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import type { LogsWanted } from '../ports/provider.ts';
import type { ActivityQuery, CapacitySample, MetricAverage, TrafficAverage } from '../ports/store.ts';
import type {
  Explanation,
  FleetStatus,
  FleetSummary,
  GroupSummary,
  InstanceStatus,
  LoadBalancerStatus,
  Plan,
  ProviderStatus,
  TargetGroupStatus,
} from '../views/status.ts';
import type { FleetConfiguration } from './fleet-configuration.ts';
import type { FleetNotifications } from './fleet-notifications.ts';

/** What a person or a program can ask of a running controller: everything behind the local API. */
export interface FleetService {
  /** The desired fleet, and every change of it. */
  readonly configuration: FleetConfiguration;
  readonly notifications: FleetNotifications;
  /** All of it at one moment. Its cost grows with the fleet: what is asked for often is asked for in parts. */
  status(): FleetStatus;
  fleet(): FleetSummary;
  groups(): readonly GroupSummary[];
  /** In the order of their groups' names and of their creation. */
  instances(query: InstanceQuery): {
    readonly items: readonly InstanceStatus[];
    /** Where the next part begins; null where there is none. */
    readonly next: InstancePosition | null;
  };
  /** Null where there is none, or none any more. */
  instance(id: InstanceId): InstanceStatus | null;
  loadBalancers(): readonly LoadBalancerStatus[];
  targetGroups(): readonly TargetGroupStatus[];
  providers(): readonly ProviderStatus[];
  /** What a group and its load were like. @throws ServiceError `notFound` */
  history(group: string, query: HistoryQuery): Promise<GroupHistory>;
  /** Follows what changes, until it is closed. */
  feed(onNews: () => void): FleetFeed;
  activities(query: ActivityQuery): Promise<readonly StoredActivity[]>;
  plan(): Promise<Plan>;
  /** Why a group has its size, and why nothing else happens. @throws ServiceError `notFound` */
  explain(group: string): Promise<Explanation>;
  /** @throws ServiceError `notFound`, `invalid` (outside of the group's minimum and maximum, not a whole number) */
  setDesiredCapacity(group: string, desired: number): Promise<{ readonly before: number; readonly after: number }>;
  /**
   * @param force also where its requests would be refused until its replacement serves
   * @returns what it waits for first, in a sentence; null when the drain begins now
   * @throws ServiceError `notFound`, `conflict` (it is already being terminated), `lastServer` (not without force)
   */
  drainInstance(id: InstanceId, force: boolean): Promise<{ readonly waitsFor: string | null }>;
  /** With the same parameter and errors. */
  terminateInstance(id: InstanceId, force: boolean): Promise<void>;
  /** Lets a group launch again after repeated failures. @throws ServiceError `notFound`, `conflict` (it is not suspended) */
  resumeLaunch(group: string): Promise<void>;
  /**
   * Switches parts of a group's work off until they are resumed; those that are off already stay so.
   * @returns all that are off then
   * @throws ServiceError `notFound`
   */
  suspendProcesses(group: string, processes: readonly SuspendableProcess[]): Promise<readonly SuspendableProcess[]>;
  /** The way back, with the same answer. @throws ServiceError `notFound` */
  resumeProcesses(group: string, processes: readonly SuspendableProcess[]): Promise<readonly SuspendableProcess[]>;
  /**
   * What servers print, where their provider gives that: of one after the other what there is, and, where it is wanted, what comes, as it comes, until
   * the signal aborts or nothing more will.
   * @throws ServiceError `notFound`, `conflict` (the provider gives none, there is no machine yet, or there are too many servers)
   */
  logs(of: LogsOf, wanted: LogsWanted, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Drains and terminates everything that the fleet owns, then the load balancers, then the controller. Resolves when begun. */
  down(): Promise<void>;
}

/** Which instances, and how many; a filter that is left out takes all. */
export interface InstanceQuery {
  readonly group?: string;
  /** Only those of one of these groups. */
  readonly groups?: readonly string[];
  readonly state?: InstanceStateName;
  readonly health?: Health['status'];
  readonly zone?: string;
  readonly provider?: string;
  /** Only those behind it. */
  readonly after?: InstancePosition;
  readonly limit: number;
}

/** Where an instance stands in the list of all: by its group's name, its creation and its id. It may be gone meanwhile. */
export interface InstancePosition {
  readonly group: string;
  readonly createdAt: EpochMs;
  readonly id: InstanceId;
}

export interface HistoryQuery {
  readonly since: EpochMs;
  /** Values are averaged over spans of this length. */
  readonly bucketMs: number;
}

/** Each list is in the order of time. */
export interface GroupHistory {
  readonly capacity: readonly CapacitySample[];
  /** By the name of the metric. */
  readonly metrics: Readonly<Record<string, readonly MetricAverage[]>>;
  /** By the name of the target group. */
  readonly traffic: Readonly<Record<string, readonly TrafficAverage[]>>;
}

/** What is different since it was taken last. Every row is whole. */
export interface FleetNews {
  readonly groups: readonly GroupSummary[];
  readonly goneGroups: readonly string[];
  readonly instances: readonly InstanceStatus[];
  readonly goneInstances: readonly InstanceId[];
  readonly loadBalancers: readonly LoadBalancerStatus[];
  readonly goneLoadBalancers: readonly string[];
  /** The fleet as a whole; null where nothing but its time is different. */
  readonly fleet: FleetSummary | null;
  /** Something was recorded. */
  readonly recorded: boolean;
}

export interface FleetFeed {
  /** Traffic alone is no news of an instance. */
  take(): FleetNews;
  close(): void;
}

/** Whose logs: those of one instance, or of all of a group. */
export type LogsOf = { readonly instance: InstanceId } | { readonly group: string };

/** A line that a server has printed, or why no more of its lines can be read. */
export type LogLine =
  | { readonly instance: InstanceId; readonly text: string }
  | { readonly instance: InstanceId; readonly failure: string };

/** A refusal for a person: what is wrong and what to do next. */
export class ServiceError extends ExpectedError {
  readonly code: 'notFound' | 'invalid' | 'conflict' | 'lastServer' | 'staleVersion';

  constructor(code: ServiceError['code'], message: string) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
  }
}
