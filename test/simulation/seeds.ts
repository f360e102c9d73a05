import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../src/simulation/report.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { droverController } from '../../src/simulation/session.ts';

const BATCH = 25;
const BATCH_TIMEOUT_MS = 120_000;
/** Of a batch, so that a defect which many seeds find does not bury the report. */
const TOLD_FAILURES = 1;

/** Lives through a range of seeds; every one that fails is named. */
export function describeSeeds(first: number, count: number): void {
  describe(`seeds ${first} to ${first + count - 1}`, () => {
    for (let from = first; from < first + count; from += BATCH) {
      const to = Math.min(from + BATCH, first + count);
      it(`${from} to ${to - 1} hold every invariant`, { timeout: BATCH_TIMEOUT_MS }, async () => {
        const failures: { seed: number; text: string }[] = [];
        for (let seed = from; seed < to; seed += 1) {
          const result = await runSeed(seed, { controller: droverController });
          if (result.violations.length > 0) failures.push({ seed, text: describeFailure(result) });
        }
        if (failures.length === 0) return;
        const seeds = failures.map(({ seed }) => seed).join(', ');
        const texts = failures.slice(0, TOLD_FAILURES).map(({ text }) => text);
        expect.fail([`These seeds fail: ${seeds}.`, ...texts].join('\n\n'));
      });
    }
  });
}
