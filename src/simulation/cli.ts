import { Command, InvalidArgumentError } from 'commander';
import { createRandom } from './random.ts';
import { describeCrashPoints, describeFailure, describeScenario } from './report.ts';
import { type Result, runSeed } from './run.ts';
import { randomScenario } from './scenario.ts';
import { droverController } from './session.ts';

/** Runs seeds of the simulation: one tells its story, several tell which of them fail. */

const MAX_SEEDS = 1_000_000;

interface Options {
  readonly seed: number;
  readonly seeds: number;
  readonly verbose: boolean;
}

const { seed, seeds, verbose } = new Command('simulate')
  .description('Runs the controller against a simulated world with a virtual clock, faults and crashes.')
  .option('--seed <number>', 'the first seed', wholeNumber, 1)
  .option('--seeds <count>', 'how many seeds, one after the other', wholeNumber, 1)
  .option('--verbose', 'the whole story of every seed, and how often each crash point was passed', false)
  .addHelpText('after', '\nExit codes: 0 when every invariant held, 1 when one was violated.')
  .parse()
  .opts<Options>();

process.exitCode = await simulate(Math.min(seeds, MAX_SEEDS), verbose || seeds === 1);

async function simulate(count: number, telling: boolean): Promise<number> {
  const results: Result[] = [];
  let failed = 0;
  for (let current = seed; current < seed + count; current += 1) {
    if (telling) print(describeScenario(randomScenario(createRandom(current).fork('scenario'))));
    const result = await runSeed(current, { controller: droverController, ...(telling ? { onLine: print } : {}) });
    results.push(result);
    if (result.violations.length === 0) continue;
    failed += 1;
    print(telling ? describeViolations(result) : describeFailure(result));
  }
  if (verbose) print(describeCrashPoints(results));
  print(`${count - failed} of ${count} seeds held every invariant.`);
  return failed === 0 ? 0 : 1;
}

function describeViolations({ seed: which, violations }: Result): string {
  return violations.map(({ invariant, detail }) => `Seed ${which} violates ${invariant}: ${detail}`).join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It has to be a whole number.');
  return value;
}
