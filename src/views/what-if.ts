/** What-if: a load of the past, played through a group's scaling policies. See docs/what-if.md. */

import type { ActivityLevel, ActivityReason } from '../model/activity.ts';
import type { ValueKind } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';

/** The load of all servers together over time, at even distances. */
export interface LoadSeries {
  readonly intervalMs: number;
  /** Oldest first, `intervalMs` apart. */
  readonly points: readonly LoadPoint[];
}

/** The load from `at` until the next point; null where it is not known, which is never zero. */
export interface LoadPoint {
  readonly at: EpochMs;
  readonly value: number | null;
}

/** One replay of a load through one group. */
export interface WhatIfRun {
  /** For a person: the fleet file's path as it was given. */
  readonly title: string;
  readonly group: string;
  readonly metric: string | null;
  readonly valueIs: ValueKind;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly intervalMs: number;
  /** From a launch until the server is healthy. */
  readonly bootMs: number;
  /** What one server can take of the load; null where it is not known, and then demand is not judged. */
  readonly capacity: number | null;
  /** What is different from the real group, in sentences. */
  readonly notes: readonly string[];
  readonly summary: WhatIfSummary;
  /** One for each interval. */
  readonly points: readonly WhatIfPoint[];
  /** The first ones; `summary.activities` is how many there were. */
  readonly activities: readonly WhatIfActivity[];
}

export interface WhatIfSummary {
  /** Servers in service. */
  readonly minSize: number;
  readonly meanSize: number;
  readonly maxSize: number;
  /** Of every machine, from its launch to its end. */
  readonly instanceHours: number;
  /** Load x seconds: requests, where the load is requests per second. */
  readonly demand: number;
  /** The part of it that was above what the servers in service can take; null without a capacity. */
  readonly unserved: number | null;
  /** The longest time without a break in which the servers could not take the load; null without a capacity. */
  readonly longestOverloadMs: number | null;
  /** For how long the load is not known. */
  readonly missingMs: number;
  /** How often the desired capacity was raised, and lowered. */
  readonly scaleOuts: number;
  readonly scaleIns: number;
  readonly activities: number;
}

/** At one moment, after the decision. */
export interface WhatIfPoint {
  readonly at: EpochMs;
  readonly load: number | null;
  readonly desired: number;
  readonly inService: number;
}

export interface WhatIfActivity {
  readonly at: EpochMs;
  readonly level: ActivityLevel;
  readonly reason: ActivityReason;
  readonly message: string;
}
