import { describe, expect, it } from 'vitest';
import { liveThrough } from './run/batch.ts';

const BATCH = 25;
const BATCH_TIMEOUT_MS = 120_000;

/** Lives through a range of seeds; every one that fails is named. */
export function describeSeeds(first: number, count: number): void {
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
