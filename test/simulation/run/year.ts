import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Fleet, History } from '../../../src/model/fleet.ts';
import type { Violation } from '../rules/invariants.ts';
import type { Happening } from '../scenario/happenings.ts';
import { randomFleet } from '../scenario/random-fleet.ts';
import type { Scenario, TimedHappening } from '../scenario/scenario.ts';
import { calmConditions } from '../world/conditions.ts';
import { createRandom, type Random } from '../world/random.ts';
import { droverController } from '../world/session.ts';
import type { World } from '../world/world.ts';
import { runSeed } from './run.ts';

/** What is kept of the past: so little that a year fills it many times over. */
export const YEAR_HISTORY: History = { activityRows: 5_000, sampleRows: 2_000, terminatedInstanceRows: 500 };

export const TABLES = ['groups', 'instances', 'activities', 'traffic_samples', 'health_samples'] as const;

/** What a controller and its database weigh at the end of a month. */
export interface Weight {
  readonly month: number;
  /** After the collector has run. */
  readonly heapBytes: number;
  readonly pages: number;
  readonly rows: Readonly<Record<(typeof TABLES)[number], number>>;
  /** What the controller has written into its log in this month. */
  readonly logBytes: number;
}

export interface Year {
  readonly months: readonly Weight[];
  readonly violations: readonly Violation[];
  readonly launches: number;
}

interface YearOptions {
  readonly onMonth: (text: string) => void;
  /** With which month it ends. */
  readonly last?: number;
}

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const MONTHS = 12;
const MONTH_MS = YEAR_MS / MONTHS;
/** How often it is busy, and for how long; in the rest of the time the controller's host sleeps. */
const EVERY_MS = 2 * HOUR_MS;
const AWAKE_MS = 15_000;

/**
 * A year of a busy group, or so many months of it. Every two hours it is asked for another size, and a machine or the load balancer may fail; between those
 * busy times the controller's host sleeps, so that the year passes in a minute or two.
 */
export async function liveYear({ onMonth, last = MONTHS }: YearOptions): Promise<Year> {
  const months: Weight[] = [];
  let logBytes = 0;
  let launches = 0;
  const weigh = (world: World): void => {
    if (world.clock.elapsedMs < (months.length + 1) * MONTH_MS) return;
    const weight = weightOf(world, months.length + 1, logBytes);
    logBytes = 0;
    months.push(weight);
    onMonth(describeWeight(weight));
  };
  const { violations } = await runSeed(1, {
    scenario: busyYear(createRandom(1), last * MONTH_MS),
    controller: (options) =>
      droverController({
        ...options,
        onProblem: (message) => {
          logBytes += message.length;
          options.onProblem(message);
        },
      }),
    onLine: (line) => {
      if (line.includes('launch: Launching')) launches += 1;
    },
    onStep: weigh,
  });
  return { months, violations, launches };
}

export function describeYear({ months, violations, launches }: Year): string {
  const first = months[2];
  const last = months.at(-1);
  if (first === undefined || last === undefined || violations.length > 0) {
    return `The year was not lived through: ${violations.map(({ invariant, detail }) => `${invariant}: ${detail}`).join('; ')}`;
  }
  return `${launches} launches in ${months.length} months. From the third month to the last: heap ${mib(first.heapBytes)} to ${mib(last.heapBytes)}, database ${first.pages} to ${last.pages} pages.`;
}

function describeWeight({ month, heapBytes, pages, rows, logBytes }: Weight): string {
  const tables = TABLES.map((table) => `${table} ${rows[table]}`).join(', ');
  return `month ${month}: heap ${mib(heapBytes)}, ${pages} pages, log ${logBytes} bytes, rows: ${tables}`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function weightOf({ database }: World, month: number, logBytes: number): Weight {
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0);
  const count = (table: string): number => number(`select count(*) from ${table}`);
  collectGarbage();
  return {
    month,
    heapBytes: process.memoryUsage().heapUsed,
    pages: number('pragma page_count'),
    rows: {
      groups: count('groups'),
      instances: count('instances'),
      activities: count('activities'),
      traffic_samples: count('traffic_samples'),
      health_samples: count('health_samples'),
    },
    logBytes,
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

function busyYear(random: Random, endMs: number): Scenario {
  const fleet = busyFleet(random);
  const happenings: TimedHappening[] = [];
  for (let atMs = 0; atMs < endMs; atMs += EVERY_MS) {
    happenings.push({ atMs: atMs + 1_000, happening: nextSize(random) });
    happenings.push({ atMs: atMs + random.int(1_000, AWAKE_MS), happening: trouble(random) });
    happenings.push({ atMs: atMs + AWAKE_MS, happening: { kind: 'hostSleep', forMs: EVERY_MS - AWAKE_MS } });
  }
  const conditions = calmConditions({ minMs: 1, maxMs: 20 });
  conditions.provider.launch.faults = { failsAfter: 0.02, noCapacity: 0.02 };
  conditions.store.failsBefore = 0.002;
  return { fleet, conditions, zones: [], happenings, crashes: [], quietAtMs: endMs };
}

function busyFleet(random: Random): Fleet {
  const fleet = randomFleet(random);
  const [group] = fleet.autoScalingGroups;
  const [targetGroup] = fleet.targetGroups;
  if (group === undefined || targetGroup === undefined) return fleet;
  const web = {
    ...group,
    targetGroups: [targetGroup.name],
    minSize: 1,
    maxSize: 12,
    desiredCapacity: null,
    desiredCapacityFile: null,
    metrics: [],
    scalingPolicies: [],
    scheduledActions: [],
  };
  const quick = { ...targetGroup, deregistrationDelayMs: 2_000 };
  const targetGroups = fleet.targetGroups.map((one) => (one.name === quick.name ? quick : one));
  return { ...fleet, targetGroups, autoScalingGroups: [web], history: YEAR_HISTORY };
}

function nextSize(random: Random): Happening {
  return { kind: 'setDesired', group: 'web', desired: random.int(1, 8) };
}

function trouble(random: Random): Happening {
  const which = random.next();
  if (random.chance(0.1)) return { kind: 'killLoadBalancer', which };
  if (random.chance(0.02)) return { kind: 'restartController' };
  return { kind: random.pick(['stopMachine', 'vanishMachine', 'drain', 'terminate']), which };
}
