import type { Fleet } from '../model/fleet.ts';
import type { EpochMs } from '../model/time.ts';
import type { LoadPoint, WhatIfRun } from '../views/what-if.ts';
import { replay } from './replay.ts';
import { split, toSeries } from './series.ts';
import { type SubjectChoice, subjectOf } from './subject.ts';

export interface WhatIfOptions {
  /** At least one; what is not given follows from the first. */
  readonly fleets: readonly { readonly title: string; readonly fleet: Fleet }[];
  readonly choice: SubjectChoice;
  /** The load of the first fleet's subject. */
  readonly recording: Recording;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly bootMs: number;
  readonly capacity: number | null;
}

export interface Recording {
  readonly readings: readonly LoadPoint[];
  /** Coarser ones from before, for forecasts. */
  readonly before: readonly LoadPoint[];
}

/** Replays one load through the group of each fleet. @throws SeriesError */
export function whatIf({ fleets, choice, recording, from, to, bootMs, ...options }: WhatIfOptions): WhatIfRun[] {
  const subjects = fleets.map(({ title, fleet }) => ({ title, subject: subjectOf(fleet, choice) }));
  const [first] = subjects;
  if (first === undefined) return [];
  const { readings, before } = recording;
  const { series, before: skipped } = split(toSeries(readings), from ?? -Infinity, to ?? Infinity);
  const capacity = options.capacity ?? first.subject.targetValue;
  return subjects.map(({ title, subject }) =>
    replay(subject, { title, load: series, before: [...before, ...skipped], bootMs, capacity }),
  );
}
