/**
 * The simulation's command: the real controller and the real store against a simulated world on a virtual clock.
 *
 *   npm run simulate -- --seed 42              the story of one seed, with a chart of each group
 *   npm run simulate -- --seed 42 --days 2     a longer story, in which things happen now and then
 *   npm run simulate -- --seed 42 --only a,b   the same with only these faults left on, as a failure's report names them
 *   npm run simulate -- --seeds 10000          many seeds on all cores, with figures; those that fail are told with
 *                                              the smallest part of the seed that still fails
 *   npm run simulate -- --year                 a year of a busy group: memory, database and log have to stay bounded
 *   npm run simulate:coverage                  which lines and branches of the deciding core many seeds reach
 *
 * What a seed stands for (a fleet, the conditions outside, what happens, where the controller dies) is drawn in scenario.ts; the rules
 * that have to hold after every step are in invariants.ts and its neighbours, and what has to be so when all is calm in
 * liveness.ts. The same seed is always the same story.
 */

import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../../src/system/clock.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { withOnly } from '../scenario/switches.ts';
import { chart } from './chart.ts';
import { minimise } from './minimise.ts';
import { runPool } from './pool.ts';
import { describeCrashPoints, describeFailure, describeScenario, describeTally } from './report.ts';
import { runSeed, scenarioOf } from './run.ts';
import { Timeline } from './timeline.ts';
import { describeYear, liveYear } from './year.ts';

const MAX_SEEDS = 10_000_000;
const CHART_COLUMNS = 100;
const SHORT_RUN_MS = 150_000;
const DAY_MS = 86_400_000;

interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly days?: number;
  readonly only?: string;
  readonly points: boolean;
  readonly year: boolean;
}

const options = new Command('simulate')
  .description('Runs the controller against a simulated world with a virtual clock, faults and crashes.')
  .option('--seed <number>', 'the first seed', wholeNumber, 1)
  .option('--seeds <count>', 'how many seeds; more than one are run on all cores', wholeNumber, 1)
  .option('--days <days>', 'one seed, stretched over so many days', positive)
  .option('--only <switches>', 'one seed with only these of its faults, separated by commas')
  .option('--points', 'how often each crash point was passed', false)
  .option('--year', 'a year of a busy group', false)
  .addHelpText('after', '\nExit codes: 0 when every invariant held, 1 when one was violated.')
  .parse()
  .opts<Options>();

process.exitCode = (await simulate(options)) ? 0 : 1;

function simulate({ seed, seeds, days, only, points, year }: Options): Promise<boolean> {
  if (year) return reportYear();
  if (seeds > 1) return reportMany(seed, Math.min(seeds, MAX_SEEDS), points);
  return reportOne(seed, days ?? null, only ?? null);
}

async function reportOne(seed: number, days: number | null, only: string | null): Promise<boolean> {
  const scenario = (): Scenario => {
    const whole = scenarioOf(seed, days);
    return only === null ? whole : withOnly(whole, new Set(only.split(',')));
  };
  print(describeScenario(scenario()));
  const timeline = new Timeline((days === null ? SHORT_RUN_MS : days * DAY_MS) / CHART_COLUMNS / 4);
  const run = { scenario: scenario(), onLine: print, onStep: timeline.note.bind(timeline) };
  const result = await runSeed(seed, run);
  for (const [group, series] of timeline.groups) print(`\n${chart(group, series, CHART_COLUMNS)}`);
  if (result.violations.length === 0) {
    print(`\nSeed ${seed} held every invariant.`);
    return true;
  }
  print(`\n${describeFailure(result, only === null && days === null ? await minimise(result) : null)}`);
  return false;
}

async function reportMany(first: number, count: number, points: boolean): Promise<boolean> {
  const startedAt = systemClock.now();
  const tally = await runPool({ first, count, onFailure: (text) => print(`${text}\n`) });
  if (points) print(describeCrashPoints(tally));
  print(describeTally(tally, systemClock.now() - startedAt));
  return tally.failures.length === 0;
}

async function reportYear(): Promise<boolean> {
  const year = await liveYear({ onMonth: print });
  print(describeYear(year));
  return year.violations.length === 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It has to be a whole number.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3650)) throw new InvalidArgumentError('It has to be a number of days.');
  return value;
}
