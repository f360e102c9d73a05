/** What a group remembers from one decision to the next, and through a restart of the controller. */

import type { InstanceId, Placement } from './instance.ts';
import type { Failure } from './observation.ts';
import type { SuspendableProcess } from './scaling-policy.ts';
import type { EpochMs } from './time.ts';

export interface GroupMemory {
  /** When it was recorded last, by the time of day of then; null before that. */
  readonly savedAt: EpochMs | null;
  /** The size asked for last, by whoever asked last; null before the first decision. */
  readonly desired: number | null;
  /** `desiredCapacity` of the fleet file when it was last applied: only a change of it is applied again. */
  readonly fleetDesired: number | null;
  /** What the desired capacity file asked for last: only something else is applied, and a refusal is told once. */
  readonly file: FileMemory | null;
  readonly launch: LaunchMemory;
  /** For which the provider had no room, each until it is asked again; at most all that the launch template allows. */
  readonly fullPlacements: readonly FullPlacement[];
  /** When each instance was last newly unhealthy, for the health brake's window. */
  readonly unhealthyAt: Readonly<Record<InstanceId, EpochMs>>;
  /** When the load balancers and the provider could be seen again after they could not; null when that never happened. */
  readonly seenAgainAt: EpochMs | null;
  /** Whether the provider's machines were ever listed: before that, an empty store may be one that was lost. */
  readonly machinesListed: boolean;
  /** Since when the machines of zones that cannot be seen are waited for, before the machines count as listed; null for not at all. */
  readonly zonesAwaitedSince: EpochMs | null;
  /** Zones that could not be seen when the machines were first listed, `provider/zone`: their machines are adopted when they come into sight. */
  readonly unlistedZones: readonly string[];
  /** Machines with the group's tag and without a record, and when each was first seen. */
  readonly orphans: readonly Orphan[];
  /** Minimum and maximum as scheduled actions set them; null for the fleet file's. */
  readonly bounds: Bounds | null;
  /** What each policy remembers, by its name. */
  readonly policies: ReadonlyMap<string, PolicyMemory>;
  /**
   * When each scheduled action was new or last fell due, by its name and all that says when it falls due: what fell due since is
   * carried out once.
   */
  readonly scheduled: ReadonlyMap<string, EpochMs>;
  readonly suspendedProcesses: readonly SuspendableProcess[];
  /** Conditions that were told as an activity when they began, by code, so that they are told once and their end too. */
  readonly told: readonly string[];
}

export interface FileMemory {
  /** The file that this is about: another one is news, whatever it says. Null where it was recorded before this was kept. */
  readonly path: string | null;
  /** The size that was applied last; null before there was one. What is refused in between does not erase it. */
  readonly value: number | null;
  /** Why the file cannot be used now; null while it can. */
  readonly refused: string | null;
  /** The refusal that was reported last, until it is reported that the file can be used again; not there for none. */
  readonly standing?: string;
  /** Refusals that were reported lately, so that a file that comes and goes does not fill the activities. */
  readonly reports?: readonly { readonly refused: string; readonly at: EpochMs }[];
}

/**
 * What scheduled actions have set, each until the action is taken out of the fleet file. The fleet file's own values are kept beside
 * them: when those change, the file has the last word.
 */
export interface Bounds {
  /** Where it is above the maximum, the maximum holds. */
  readonly minSize: number;
  readonly maxSize: number;
  /** The scheduled action that set it, by name; null for the fleet file's own. */
  readonly minSizeBy: string | null;
  readonly maxSizeBy: string | null;
  readonly fleetMinSize: number;
  readonly fleetMaxSize: number;
}

export interface PolicyMemory {
  /** A digest of what it measures and against what; not there in what was recorded before this was kept. */
  readonly subject?: string;
  /** Since when the metric has been beyond the threshold without a break; null while it is not. */
  readonly breachedSince: EpochMs | null;
  /** Since when there has been no reading; null while there is one. */
  readonly missingSince: EpochMs | null;
  readonly lastScaleOutAt: EpochMs | null;
  readonly lastScaleInAt: EpochMs | null;
  /** Sizes recommended lately, each until the next one, for the windows; bounded to what the longer window needs. */
  readonly recommendations: readonly { readonly at: EpochMs; readonly size: number }[];
  /** Changes that this policy made lately, for the speed limits; of a simple policy the one that is under way. */
  readonly changes: readonly { readonly at: EpochMs; readonly by: number }[];
}

export interface Orphan {
  readonly instanceId: InstanceId;
  readonly firstSeenAt: EpochMs;
}

export interface LaunchMemory {
  /** Launches in a row that failed; the failures of one batch count once. */
  readonly failures: number;
  /** Servers in a row that ended soon after they came into service, each launched after the one before it had ended. */
  readonly crashes: number;
  /** When the last of these ended: servers that were launched before belong to the same crash. */
  readonly crashedAt: EpochMs | null;
  /** What happened last, in a sentence; empty where nothing did. */
  readonly why: string;
  /** The version of the launch template that all of this is about; null where nothing happened. */
  readonly template: string | null;
  /** No launch before this time. */
  readonly notBefore: EpochMs | null;
  /** Set when launching was given up until a person resumes it. */
  readonly suspended: { readonly since: EpochMs; readonly why: string } | null;
  /** What launches wait for that says nothing against the servers that are launched; null while nothing does. */
  readonly held: LaunchHold | null;
}

/** A place, or a kind of server there, for which the provider had no room. */
export interface FullPlacement extends Placement {
  /** The provider's error, in a sentence. */
  readonly why: string;
  /** How many tries in a row have met it. */
  readonly tries: number;
  /** It is not asked for again before this time. */
  readonly until: EpochMs;
}

/** Why nothing is launched: the provider is full, or answers in a way that no repetition changes. */
export interface LaunchHold {
  readonly reaction: Exclude<Failure['reaction'], 'Transient' | 'RateLimited'>;
  /** The error, in a sentence. */
  readonly why: string;
  readonly since: EpochMs;
  /** How many tries in a row have met it. */
  readonly tries: number;
  /** When it is tried again; null where something has to change first: the launch template, or a person resumes launching. */
  readonly until: EpochMs | null;
}

/** Nothing has failed. */
export const LAUNCHING_WORKS: LaunchMemory = {
  failures: 0,
  crashes: 0,
  crashedAt: null,
  why: '',
  template: null,
  notBefore: null,
  suspended: null,
  held: null,
};

export const EMPTY_MEMORY: GroupMemory = {
  savedAt: null,
  desired: null,
  fleetDesired: null,
  file: null,
  launch: LAUNCHING_WORKS,
  fullPlacements: [],
  unhealthyAt: {},
  seenAgainAt: null,
  machinesListed: false,
  zonesAwaitedSince: null,
  unlistedZones: [],
  orphans: [],
  bounds: null,
  policies: new Map(),
  scheduled: new Map(),
  suspendedProcesses: [],
  told: [],
};
