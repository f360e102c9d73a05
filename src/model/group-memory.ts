/** What a group remembers from one look to the next, and through a restart of the controller. */

import type { InstanceId } from './instance.ts';
import type { EpochMs } from './time.ts';

export interface GroupMemory {
  /** The size asked for last, by whoever asked last; null before the first look. */
  readonly desired: number | null;
  /** `desiredCapacity` of the fleet file when it was last applied: only a change of it is applied again. */
  readonly fleetDesired: number | null;
  /** What the desired capacity file said when it was last looked at: only a change of it is applied or complained about again. */
  readonly file: FileMemory | null;
  readonly launch: LaunchMemory;
  /** When instances were last newly unhealthy, one entry each, for the health brake's window. */
  readonly unhealthyAt: readonly EpochMs[];
  /** When the load balancers and the provider could be seen again after they could not; null when that never happened. */
  readonly sightedAt: EpochMs | null;
  /** Whether the provider's machines were ever seen: before that, an empty store may be one that was lost. */
  readonly surveyed: boolean;
  /** Machines with the group's tag and without a record, and when each was first seen. */
  readonly orphans: readonly Orphan[];
  /** Conditions that were told as an activity when they began, by code, so that they are told once and their end too. */
  readonly told: readonly string[];
}

export type FileMemory =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'refused'; readonly text: string };

export interface Orphan {
  readonly instanceId: InstanceId;
  readonly firstSeenAt: EpochMs;
}

export interface LaunchMemory {
  /** Failures in a row; the failures of one batch count once. */
  readonly failures: number;
  /** No launch before this time. */
  readonly notBefore: EpochMs | null;
  /** Set when launching was given up until a person resumes it. */
  readonly suspended: { readonly since: EpochMs; readonly why: string } | null;
}

export const EMPTY_MEMORY: GroupMemory = {
  desired: null,
  fleetDesired: null,
  file: null,
  launch: { failures: 0, notBefore: null, suspended: null },
  unhealthyAt: [],
  sightedAt: null,
  surveyed: false,
  orphans: [],
  told: [],
};
