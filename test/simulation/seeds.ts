import { describe, expect, it } from 'vitest';
import { effort } from '../support/effort.ts';
import { liveThrough } from './run/batch.ts';

const PARTS = 4;
const BATCH = 25;
const BATCH_TIMEOUT_MS = 120_000;

/** Lives through one of four parts of the seeds, each in a file of its own so that several cores take part; every seed that fails is named. */
export function describeSeeds(part: 1 | 2 | 3 | 4): void {
  const count = effort('seeds') / PARTS;
  const first = 1 + (part - 1) * count;
  describe(`seeds ${first} to ${first + count - 1}`, () => {
    for (let from = first; from < first + count; from += BATCH) {
      const size = Math.min(BATCH, first + count - from);
      it(`${from} to ${from + size - 1} hold every invariant`, { timeout: BATCH_TIMEOUT_MS }, async () => {
        const { failures } = await liveThrough(from, size);
        const [worst] = failures;
        if (worst === undefined) return;
        expect.fail(`These seeds fail: ${failures.map(({ seed }) => seed).join(', ')}.\n\n${worst.text}`);
      });
    }
  });
}
