import type { PolicyMemory } from '../../model/group-memory.ts';
import type { Reading } from '../../model/observation.ts';
import type { EpochMs } from '../../model/time.ts';

/** What a policy may know. Policies are pure: the same context gives the same verdict. */
export interface PolicyContext {
  readonly now: EpochMs;
  readonly size: GroupSize;
  readonly minSize: number;
  readonly maxSize: number;
  /** The metric's newest reading; too old or failed ones are `missing`. Null where none was taken yet. */
  readonly reading: Reading | null;
  /** Recorded values of the metric, one an hour, oldest first; for forecasts. */
  readonly history: readonly HourlyValue[];
  readonly memory: PolicyMemory;
}

export interface GroupSize {
  /** The size that the group should have now. */
  readonly desired: number;
  /** In service and warm: what an average metric speaks of. */
  readonly warm: number;
  /** Launching, booting or warming up. */
  readonly warming: number;
}

export interface HourlyValue {
  /** The beginning of the hour. */
  readonly at: EpochMs;
  readonly value: number;
}

/** What a policy sees, wants and why; shown by `drover explain` and kept with the activity that follows from it. */
export interface PolicyVerdict {
  readonly policy: string;
  readonly type: string;
  /** The size that it wants, before the group's minimum and maximum; null for no opinion. */
  readonly wants: number | null;
  /** Whether it agrees to fewer servers than there are now. */
  readonly agreesToScaleIn: boolean;
  /** The metric's value, or why there is none. */
  readonly sees: string;
  /** One sentence with the numbers in it. */
  readonly why: string;
  /** What made it want less than it would: `tolerance`, `scaleInWindow`, `cooldown`, `maxChange`, ...; null for nothing. */
  readonly cappedBy: string | null;
  /** Until when it waits; null when it does not, or depends on something else. */
  readonly waitsUntil: EpochMs | null;
  readonly memory: PolicyMemory;
}

export const NO_POLICY_MEMORY: PolicyMemory = {
  breachedSince: null,
  lastScaleOutAt: null,
  lastScaleInAt: null,
  recommendations: [],
  changes: [],
};
