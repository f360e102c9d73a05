import { describe, expect, it } from 'vitest';
import { runSeed, scenarioOf } from './run/run.ts';
import { randomEdits } from './scenario/fleet-edits.ts';
import type { TimedHappening } from './scenario/scenario.ts';
import { createRandom } from './world/random.ts';

const SEEDS = 30;
const CHANGES = 8;
/** From one change of several to the next: mostly before what the first one led to has come to its end. */
const APART_MS = [1, 50, 1_000, 10_000, 30_000];

/** The fleet is changed all the time: also while changes before are being applied, tried again, or were cut short by a crash. */
describe('a fleet that is changed again and again', () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    'becomes what it should be (seed %i)',
    async (seed) => {
      const scenario = scenarioOf(seed);
      const random = createRandom(seed).fork('edits');
      const edits: TimedHappening[] = [];
      for (let left = CHANGES; left > 0; left -= 1) {
        let atMs = random.int(0, scenario.quietAtMs);
        for (const edit of randomEdits(random, scenario.fleet)) {
          edits.push({ atMs: Math.min(atMs, scenario.quietAtMs), happening: { kind: 'editFleet', edit } });
          atMs += random.pick(APART_MS);
        }
      }
      const happenings = [...scenario.happenings, ...edits].sort((a, b) => a.atMs - b.atMs);
      expect((await runSeed(seed, { scenario: { ...scenario, happenings } })).violations).toEqual([]);
    },
  );
});
