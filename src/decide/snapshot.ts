import type { AutoScalingGroup, TargetGroup } from '../model/fleet.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import type { Failure, Machine, Reading, Target } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Forecasts } from './policies/forecast.ts';
import type { HourlyValue } from './policies/policy.ts';
import type { Calendar } from './schedule.ts';

/** All that a decision about one group depends on, beside the time. */
export interface Snapshot {
  readonly group: AutoScalingGroup;
  /** The group's target groups that are behind a load balancer. */
  readonly targetGroups: readonly TargetGroup[];
  /** `down`: everything is drained and terminated, whatever the minimum is. */
  readonly mode: 'up' | 'down';
  readonly memory: GroupMemory;
  /** Not terminated. */
  readonly instances: readonly Instance[];
  readonly machines: View<Sightings>;
  /** Those of the provider that new servers come from; empty where it is one place. */
  readonly zones: readonly string[];
  /** The providers of the group and of its instances that are asked for nothing now, by name. */
  readonly throttled: ReadonlyMap<string, Throttled>;
  /** The targets of each of `targetGroups`, by its name. */
  readonly targets: ReadonlyMap<string, View<TargetSighting>>;
  /** What Drover's own probes of servers have found. */
  readonly probes: ReadonlyMap<InstanceId, ProbeSighting>;
  /** What the desired capacity file said last; null where the group has none or it was not read yet. */
  readonly file: Reading | null;
  /** The newest reading of each of the group's metrics, by its name; too old or failed ones are missing. */
  readonly metrics: ReadonlyMap<string, Reading>;
  /** What was recorded of each metric, for forecasts. */
  readonly histories: ReadonlyMap<string, readonly HourlyValue[]>;
  /** What whoever decides keeps from one decision to the next, so that costly answers are not worked out again; a new one does as well. */
  readonly calendar: Calendar;
  readonly forecasts: Forecasts;
  /** What operations have come to since the last decision, oldest first. */
  readonly outcomes: readonly Outcome[];
  /** Instances that were terminated lately, and when: a list asked for earlier may still show their machines. */
  readonly ended: ReadonlyMap<InstanceId, EpochMs>;
  /** Instances with an operation under way. */
  readonly busy: ReadonlySet<InstanceId>;
  /** Fresh random bits: the ids of new instances are made of them. */
  readonly idSeed: string;
}

/** What a person's command is decided from. */
export interface CommandRecords extends ServingGroup {
  readonly memory: GroupMemory;
  /** Names of the target groups that are behind a load balancer. */
  readonly balanced: ReadonlySet<string>;
  /** The fleet's other groups. */
  readonly others: readonly ServingGroup[];
}

export interface ServingGroup {
  readonly group: AutoScalingGroup;
  /** Not terminated. */
  readonly instances: readonly Instance[];
}

/** Something that is observed: what was seen last, or that it cannot be seen. */
export type View<T> =
  | { readonly kind: 'seen'; readonly value: T }
  /** Not observed yet, or observing it fails. */
  | { readonly kind: 'blind'; readonly since: EpochMs; readonly failure: Failure | null };

/** A provider that was asked too often. */
export interface Throttled {
  readonly until: EpochMs;
  /** In its own words. */
  readonly why: string;
}

/** The provider's newest list of the group's machines, and the one before it. */
export interface Sightings {
  /** What happened later may be missing from the list. */
  readonly at: EpochMs;
  readonly machines: ReadonlyMap<InstanceId, Machine>;
  /** Zones that the list could not see, with why, by provider and name: it has none of their machines. */
  readonly unseenZones: UnseenZones;
  /** Whose each place is, among all machines of the provider: machine ids by what `placesOf` says. */
  readonly places: ReadonlyMap<string, string>;
  /** Whether both lists have all that was launched before Drover began to observe: lists of the past may lack the last of it. */
  readonly hasAllFromBefore: boolean;
  readonly previous: Pick<Sightings, 'at' | 'machines' | 'unseenZones'> | null;
}

/** Why each cannot be seen, by its name, by the name of the provider. */
export type UnseenZones = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface TargetSighting {
  /** When it was asked for. */
  readonly at: EpochMs;
  readonly targets: ReadonlyMap<InstanceId, Target>;
  /** What became of each target's requests in the last intervals of its outlier detection, oldest first. */
  readonly recent: ReadonlyMap<InstanceId, readonly RequestWindow[]>;
}

/** The requests that a target was given in one interval, and those that it failed: a status of 5xx, or no answer. */
export interface RequestWindow {
  readonly requests: number;
  readonly errors: number;
}

/** What a server answered to Drover itself. */
export interface ProbeSighting {
  /** When it was asked. */
  readonly at: EpochMs;
  readonly healthy: boolean;
  /** Whether it gave an answer at all, whatever that was. */
  readonly answered: boolean;
  readonly detail: string;
}

/** The end of an operation. */
export type Outcome =
  | { readonly kind: 'launched'; readonly instanceId: InstanceId; readonly machine: Machine; readonly at: EpochMs }
  | { readonly kind: 'launchFailed'; readonly instanceId: InstanceId; readonly failure: Failure }
  /** The termination command of the group, for this server: `failure` says why it did not succeed. */
  | { readonly kind: 'commandEnded'; readonly instanceId: InstanceId; readonly failure: Failure | null }
  /** The provider does not know the machine any more. */
  | { readonly kind: 'ended'; readonly instanceId: InstanceId; readonly at: EpochMs }
  | { readonly kind: 'endFailed'; readonly instanceId: InstanceId; readonly failure: Failure };
