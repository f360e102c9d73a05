import { switchesOf, withOnly } from '../scenario/switches.ts';
import { type Result, runSeed, scenarioOf } from './run.ts';

export interface Minimal {
  /** What has to happen for the violation; all else is switched off. */
  readonly only: readonly string[];
  readonly result: Result;
}

const MAX_RUNS = 120;

/**
 * The smallest part of a seed that still violates the same invariant: everything that goes wrong in it is switched off piece by
 * piece, first in halves and then one at a time, and stays off where the violation stays.
 */
export async function minimise(failed: Result, days: number | null = null): Promise<Minimal> {
  const { seed, violations } = failed;
  const invariant = violations[0]?.invariant;
  let only = switchesOf(scenarioOf(seed, days));
  let result = failed;
  let runs = 0;
  for (let size = Math.ceil(only.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < only.length && runs < MAX_RUNS; runs += 1) {
      const fewer = only.toSpliced(from, size);
      const again = await runOnly(seed, fewer, days);
      if (again.violations[0]?.invariant === invariant) {
        only = fewer;
        result = again;
      } else {
        from += size;
      }
    }
  }
  return { only, result };
}

/** Lives through a part of what a seed stands for. */
function runOnly(seed: number, only: readonly string[], days: number | null): Promise<Result> {
  return runSeed(seed, { scenario: withOnly(scenarioOf(seed, days), new Set(only)) });
}
