import { decide } from '../decide/decide.ts';
import type { Decision } from '../decide/draft.ts';
import type { ActivityReason } from '../model/activity.ts';
import { EMPTY_MEMORY, type GroupMemory } from '../model/group-memory.ts';
import type { Reading } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { LoadPoint, LoadSeries, WhatIfRun } from '../views/what-if.ts';
import { HourlyMeans } from './series.ts';
import type { Subject } from './subject.ts';
import { Tally } from './tally.ts';
import { CalmWorld } from './world.ts';

export interface ReplayOptions {
  readonly title: string;
  readonly load: LoadSeries;
  /** What forecasts may have learned from before. */
  readonly before: readonly LoadPoint[];
  readonly bootMs: number;
  /** Null for what the policies' targets say. */
  readonly capacity: number | null;
}

/** The least time between two decisions. */
const DECISION_MS = 1_000;

/** A server's own story is told by the charts. */
const TOLD: ReadonlySet<ActivityReason> = new Set<ActivityReason>([
  'scaledOut',
  'scaledIn',
  'scheduledAction',
  'desiredCapacityChanged',
  'metricMissing',
  'metricVisible',
]);

/**
 * Plays a load through a group: the controller's own `decide`, decision by decision, on virtual time. A value is the load from its time on until the
 * next one; the policies read it when its time is over, as a metric over an interval is known at its end, so they never see ahead.
 * Between the values there are decisions whenever a server comes up or goes, and when `decide` asks for one.
 */
export function replay(subject: Subject, { title, load, before, ...options }: ReplayOptions): WhatIfRun {
  const { group, metric, valueIs, targetGroups } = subject;
  const { points, intervalMs } = load;
  const capacity = options.capacity ?? subject.targetValue;
  const from = points[0]?.at ?? 0;
  const to = (points.at(-1)?.at ?? 0) + intervalMs;
  const world = new CalmWorld(targetGroups, options.bootMs);
  const history = new HourlyMeans(before);
  const tally = new Tally(capacity);
  const size = firstSize(subject, points[0]?.value ?? null, subject.targetValue ?? capacity);
  let memory: GroupMemory = {
    ...EMPTY_MEMORY,
    machinesListed: true,
    desired: size,
    fleetDesired: group.desiredCapacity,
  };
  world.begin(group, size, from);

  let now = from;
  let index = 0;
  // Before the first value has passed it stands for the time before it.
  let reading = read(points[0]?.value ?? null, valueIs, world.inService, now);
  while (now < to) {
    const point = points[index];
    const isNew = point !== undefined && point.at <= now;
    if (isNew && index > 0) {
      const over = points[index - 1];
      reading = read(over?.value ?? null, valueIs, world.inService, now);
      if (over !== undefined) history.add(over.at, reading.kind === 'value' ? reading.value : null);
    }
    if (isNew) index += 1;
    const decision = decide(
      {
        ...world.observe(now),
        group,
        mode: 'up',
        memory,
        file: null,
        metrics: metric === null ? new Map() : new Map([[metric, reading]]),
        histories: metric === null ? new Map() : new Map([[metric, history.hours]]),
        idSeed: `${now}`,
      },
      now,
    );
    tell(decision, memory, tally);
    ({ memory } = decision);
    world.act(decision, now);
    const current = points[index - 1]?.value ?? null;
    if (isNew) tally.point({ at: now, load: current, desired: memory.desired ?? 0, inService: world.inService });
    const next = Math.min(
      points[index]?.at ?? to,
      world.nextAt(now),
      decision.wakeAt === null ? to : Math.max(decision.wakeAt, now + DECISION_MS),
      to,
    );
    tally.pass(next - now, current, world.inService, world.machines);
    now = next;
  }
  return {
    title,
    group: group.name,
    metric,
    valueIs,
    from,
    to,
    intervalMs,
    bootMs: options.bootMs,
    capacity,
    notes: subject.notes,
    ...tally.result(),
  };
}

/** A group that is as large as it has to be when the replay begins. */
function firstSize({ group, metric }: Subject, load: number | null, aServer: number | null): number {
  const needed = metric === null || load === null || aServer === null ? null : Math.ceil(load / aServer);
  const size = needed ?? group.desiredCapacity ?? group.minSize;
  return Math.min(group.maxSize, Math.max(group.minSize, size));
}

function read(load: number | null, valueIs: 'average' | 'total', inService: number, at: EpochMs): Reading {
  if (load === null) return { kind: 'missing', code: 'absent', detail: 'nothing is recorded', at };
  if (valueIs === 'total') return { kind: 'value', value: load, at };
  if (inService === 0) return { kind: 'missing', code: 'absent', detail: 'no server is in service', at };
  return { kind: 'value', value: load / inService, at, over: inService };
}

function tell({ activities, memory }: Decision, before: GroupMemory, tally: Tally): void {
  tally.size(before.desired ?? 0, memory.desired ?? 0);
  for (const { at, level, reason, message } of activities) {
    if (TOLD.has(reason) || level !== 'info') tally.activity({ at, level, reason, message });
  }
}
