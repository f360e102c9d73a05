import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { Stopwatch } from './stopwatch.ts';

async function after(ms: number, jumpMs: number): Promise<Stopwatch> {
  const clock = new VirtualClock(1_000_000);
  const watch = new Stopwatch(clock);
  clock.jump(jumpMs);
  clock.plan(ms, () => {});
  await clock.advance();
  return watch;
}

describe('a stopwatch', () => {
  it.each([
    ['nothing', 0, { clockSetByMs: 0, ageMs: 5_000, startedAt: 1_000_000 }],
    ['a correction', 300, { clockSetByMs: 0, ageMs: 5_300, startedAt: 1_000_000 }],
    ['an hour forward', 3_600_000, { clockSetByMs: 3_600_000, ageMs: 3_605_000, startedAt: 1_000_000 }],
    ['an hour back', -3_600_000, { clockSetByMs: -3_600_000, ageMs: 5_000, startedAt: 1_000_000 - 3_600_000 }],
  ])('runs on through %s', async (_, jumpMs, expected) => {
    const { elapsedMs, clockSetByMs, ageMs, startedAt } = await after(5_000, jumpMs);
    expect(elapsedMs).toBe(5_000);
    expect({ clockSetByMs, ageMs, startedAt }).toEqual(expected);
  });
});
