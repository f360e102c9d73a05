import type { PolicyMemory } from '../../model/group-memory.ts';
import type { Reading } from '../../model/observation.ts';
import type { ScalingPolicy } from '../../model/scaling-policy.ts';
import type { EpochMs } from '../../model/time.ts';

/** What a policy may know. Policies are pure: the same context gives the same verdict. */
export interface PolicyContext {
  readonly now: EpochMs;
  readonly size: GroupSize;
  readonly minSize: number;
  readonly maxSize: number;
  /** The metric's newest reading; too old or failed ones are `missing`. Null where none was taken yet. */
  readonly reading: Reading | null;
  /** Recorded values of the metric, one an hour, oldest first; for forecasts. It never changes: a longer history is another array. */
  readonly history: readonly HourlyValue[];
  /** What the history foretells by the hour; null where it is too short. Worked out when it is asked for. */
  readonly forecast: () => readonly HourlyValue[] | null;
  readonly memory: PolicyMemory;
}

export interface GroupSize {
  /** The size that the group should have now. */
  readonly desired: number;
  /**
   * In service, not unhealthy, and warm before the reading was taken: those that an average speaks of whose source does not say. Where
   * all are unhealthy, all of them: it is they who get the requests then.
   */
  readonly warm: number;
  /** The other ones that were warm: they may be part of such an average, or not. */
  readonly warmUnhealthy: number;
  /** There are servers in service, and none of them is healthy. */
  readonly allUnhealthy: boolean;
  /** The same whatever their health: what steps are counted from. */
  readonly settled: number;
  /** To be launched, launching, booting or warming up. Where launches fail only the last: the others may never come. */
  readonly warming: number;
  /** When the last of them is warm; null where that cannot be told, or there are none. */
  readonly warmAt: EpochMs | null;
}

export interface HourlyValue {
  /** The beginning of the hour. */
  readonly at: EpochMs;
  readonly value: number;
}

/** What a policy sees, wants and why; shown by `drover explain` and kept with the activity that follows from it. */
export interface PolicyVerdict {
  readonly policy: string;
  readonly type: ScalingPolicy['type'];
  /** The size that it wants, before the group's minimum and maximum; null for no opinion. */
  readonly wants: number | null;
  /** Whether it agrees to fewer servers than there are now. */
  readonly agreesToScaleIn: boolean;
  /** The metric's value, or why there is none. */
  readonly sees: string;
  /** One or two sentences with the numbers in them. */
  readonly why: string;
  /** What made it want less of a change than it would; null for nothing. */
  readonly cappedBy: VerdictCap | null;
  /** Until when it waits; null when it does not, or depends on something else. */
  readonly waitsUntil: EpochMs | null;
  readonly memory: PolicyMemory;
}

export type VerdictCap =
  | 'tolerance'
  | 'scaleOutWindow'
  | 'scaleInWindow'
  | 'cooldown'
  | 'maxChange'
  | 'warmup'
  | 'changeUnderWay'
  | 'olderReading'
  | 'disableScaleIn'
  | 'lastServer'
  | 'unhealthy'
  | 'breachDuration'
  | 'metricMissing'
  | 'forecastOnly';

export const NO_POLICY_MEMORY: PolicyMemory = {
  breachedSince: null,
  missingSince: null,
  lastScaleOutAt: null,
  lastScaleInAt: null,
  recommendations: [],
  changes: [],
};

/** A verdict without an opinion that stands in nobody's way; a policy replaces what is different. */
export function noOpinion(
  { name, type }: ScalingPolicy,
  memory: PolicyMemory,
  sees: string,
  why: string,
): PolicyVerdict {
  return {
    policy: name,
    type,
    wants: null,
    agreesToScaleIn: true,
    sees,
    why,
    cappedBy: null,
    waitsUntil: null,
    memory,
  };
}
