import { minimise } from './minimise.ts';
import { describeFailure } from './report.ts';
import { runSeed } from './run.ts';
import { Tally } from './tally.ts';

/** Of a batch, so that a defect which many seeds find does not take all the time. */
const MINIMISED = 1;

/** Lives through a range of seeds, one after the other; the first that fails is told with its smallest cause. */
export async function liveThrough(first: number, count: number): Promise<Tally> {
  const tally = new Tally();
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSeed(seed);
    tally.count(result);
    if (result.violations.length === 0) continue;
    const minimal = tally.failures.length < MINIMISED ? await minimise(result) : null;
    tally.failures.push({ seed, text: describeFailure(result, minimal) });
  }
  return tally;
}
