/**
 * What do scaling policies cost to work out, and what are they worth? Decisions a second of the core, the speed of a replay, and a day with
 * a morning rise and a spike under target tracking, with and without the forecast, beside a fixed size and the plain proportional rule of
 * Kubernetes' horizontal pod autoscaler.
 */

import { decide } from '../src/decide/decide.ts';
import { EMPTY_MEMORY, type GroupMemory } from '../src/model/group-memory.ts';
import type { ScalingPolicy } from '../src/model/scaling-policy.ts';
import type { LoadPoint, WhatIfSummary } from '../src/views/what-if.ts';
import { HourlyMeans, split, toSeries } from '../src/what-if/series.ts';
import { whatIf } from '../src/what-if/what-if.ts';
import { CalmWorld } from '../src/what-if/world.ts';
import { foreseeing, HOUR, MINUTE, SECOND, simply, stepping, tracking } from '../test/support/policies.ts';
import { fleetWith } from '../test/support/what-if.ts';
import { bench, median } from './support/bench.ts';
import { dailyLoad } from './support/daily-load.ts';
import { proportionalRule } from './support/proportional-rule.ts';
import { printTable, ratio, seconds, whole } from './support/report.ts';

const SEED = 1;
const MONDAY = Date.UTC(2026, 10, 2);
const DAY = 24 * HOUR;
const LEARNED_DAYS = 14;
const CAPACITY = 100;
const TARGET = 70;
const BOOT_MS = 2 * MINUTE;
const MAX_SIZE = 60;
const SERVERS = 10;
const MEASURE_MS = 1_000;
const ROUNDS = 3;
const LIMIT_MS = 240_000;

const track = tracking({ name: 'track', metric: 'requests', valueIs: 'total', targetValue: TARGET });
const forecast = foreseeing({ name: 'forecast', metric: 'requests', targetValue: TARGET });
const KINDS: readonly ScalingPolicy[] = [
  track,
  stepping({ metric: 'requests', threshold: 2_000 }),
  simply({ metric: 'requests', threshold: 2_000 }),
  forecast,
];

await bench('Scaling policies', LIMIT_MS, async () => {
  const load = dailyLoad(SEED, MONDAY, LEARNED_DAYS + 1, 15 * SECOND);
  decisions(load);
  replaySpeed();
  worth(load);
  return true;
});

/** The same group checked again and again, a second later each time. */
function decisions(load: readonly LoadPoint[]): void {
  const history = new HourlyMeans(load).hours;
  const perSecond = (policies: readonly ScalingPolicy[]) =>
    whole(median(rounds(() => decisionRate(policies, history))));
  const many = (count: number, kinds: readonly ScalingPolicy[]) =>
    Array.from({ length: count }, (_, index): ScalingPolicy => {
      const policy = kinds[index % kinds.length] ?? track;
      return { ...policy, name: `policy${index}` };
    });
  const counts = [1, 10, 100];
  console.log(`Decisions a second of one core, for a group of ${SERVERS} servers; medians of ${ROUNDS} rounds:\n`);
  printTable([
    ['policies', ...counts.map(String)],
    ['target tracking', ...counts.map((count) => perSecond(many(count, [track])))],
    ['all four kinds in turn', '', ...counts.slice(1).map((count) => perSecond(many(count, KINDS)))],
  ]);
}

function decisionRate(scalingPolicies: readonly ScalingPolicy[], history: HourlyMeans['hours']): number {
  const fleet = fleetWith({ scalingPolicies, maxSize: MAX_SIZE });
  const [group] = fleet.autoScalingGroups;
  if (group === undefined) throw new Error('no group');
  const start = MONDAY + LEARNED_DAYS * DAY + 12 * HOUR;
  const world = new CalmWorld(fleet.targetGroups, BOOT_MS);
  world.begin(group, SERVERS, start);
  let memory: GroupMemory = { ...EMPTY_MEMORY, machinesListed: true, desired: SERVERS };
  let count = 0;
  const begun = performance.now();
  while (performance.now() - begun < MEASURE_MS) {
    const now = start + count * SECOND;
    count += 1;
    const reading = { kind: 'value', value: TARGET * SERVERS * (1 + 0.05 * Math.sin(count)), at: now } as const;
    const decision = decide(
      {
        ...world.observe(now),
        group,
        mode: 'up',
        memory,
        file: null,
        metrics: new Map([['requests', reading]]),
        histories: new Map([['requests', history]]),
        idSeed: `${count}`,
      },
      now,
    );
    // The size stays: what is measured is the deciding.
    memory = { ...decision.memory, desired: SERVERS };
  }
  return (count * 1_000) / (performance.now() - begun);
}

function replaySpeed(): void {
  const month = dailyLoad(SEED, MONDAY, 30, MINUTE);
  const took = (policies: readonly ScalingPolicy[]) =>
    median(
      rounds(() => {
        const begun = performance.now();
        play(policies, month, MONDAY);
        return performance.now() - begun;
      }),
    );
  console.log(`\nReplay of a month of minutes, ${whole(month.length)} readings:\n`);
  printTable([
    ['', 'time', 'faster than life'],
    ...(
      [
        ['target tracking', [track]],
        ['with the forecast', [track, forecast]],
      ] as const
    ).map(([title, policies]) => {
      const ms = took(policies);
      return [title, seconds(ms), `${whole((30 * DAY) / ms)} x`];
    }),
  ]);
}

function worth(load: readonly LoadPoint[]): void {
  const from = MONDAY + LEARNED_DAYS * DAY;
  const [day, morning] = [from + DAY, from + DAY / 2].map((to) => split(toSeries(load), from, to).series);
  if (day === undefined || morning === undefined) throw new Error('no day');
  const peak = Math.max(...day.points.map(({ value }) => value ?? 0));
  const rule = { target: TARGET, capacity: CAPACITY, bootMs: BOOT_MS, minSize: 1, maxSize: MAX_SIZE };
  const played = (policies: readonly ScalingPolicy[], size: number | null = null) => ({
    all: play(policies, load, from, size),
    rise: play(policies, load, from, size, from + DAY / 2),
  });
  const tracked = played([track]);
  const rows: readonly (readonly [string, { readonly all: WhatIfSummary; readonly rise: WhatIfSummary }])[] = [
    ['target tracking', tracked],
    ['target tracking and forecast', played([track, forecast])],
    [
      'proportional rule (HPA)',
      { all: proportionalRule({ ...rule, load: day }), rise: proportionalRule({ ...rule, load: morning }) },
    ],
    ['fixed, as many as the peak needs', played([], Math.ceil(peak / CAPACITY))],
    ['fixed, for as many instance hours', played([], Math.round(tracked.all.instanceHours / 24))],
  ];
  console.log(
    `\nA day with a rise and a spike, ${whole(tracked.all.demand)} requests; a server bears ${CAPACITY} a second, boots in ${BOOT_MS / SECOND} s, target ${TARGET}:\n`,
  );
  printTable([
    ['', 'unserved', 'of it in the rise', 'share', 'to tracking', 'instance hours', 'to tracking'],
    ...rows.map(([title, { all, rise }]) => [
      title,
      whole(all.unserved ?? 0),
      whole(rise.unserved ?? 0),
      `${(((all.unserved ?? 0) / all.demand) * 100).toFixed(3)} %`,
      times(all.unserved ?? 0, tracked.all.unserved ?? 0),
      all.instanceHours.toFixed(0),
      `${(all.instanceHours / tracked.all.instanceHours).toFixed(2)} x`,
    ]),
  ]);
}

function play(
  scalingPolicies: readonly ScalingPolicy[],
  load: readonly LoadPoint[],
  from: number,
  desiredCapacity: number | null = null,
  to: number | null = null,
): WhatIfSummary {
  const fleet = fleetWith({ scalingPolicies, desiredCapacity, maxSize: MAX_SIZE });
  const [run] = whatIf({
    fleets: [{ title: 'bench', fleet }],
    choice: { group: 'web', metric: null, valueIs: null },
    recording: { readings: load, before: [] },
    from,
    to,
    bootMs: BOOT_MS,
    capacity: CAPACITY,
  });
  if (run === undefined) throw new Error('no run');
  return run.summary;
}

function rounds(measure: () => number): number[] {
  return Array.from({ length: ROUNDS }, measure);
}

function times(value: number, base: number): string {
  return base === 0 ? '-' : value < base ? `${(value / base).toFixed(2)} x` : ratio(value / base);
}
