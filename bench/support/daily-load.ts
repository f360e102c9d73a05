import type { LoadPoint } from '../../src/views/what-if.ts';
import { createRandom } from '../../test/simulation/world/random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** By day, on a working day. */
const FULL = 1_600;
const NIGHT_SHARE = 0.15;
const WEEKEND_SHARE = 0.6;
const RISE = { fromMs: 8 * HOUR_MS, forMs: 30 * MINUTE_MS };
const FALL = { fromMs: 18 * HOUR_MS, forMs: 4 * HOUR_MS };
const SPIKE = { fromMs: 14 * HOUR_MS, riseMs: 2 * MINUTE_MS, forMs: 15 * MINUTE_MS, factor: 1.8 };
/** Noise that has a memory: each is 0.9 of the one before and a random part, about 4 % of the load in all. */
const NOISE = { keep: 0.9, step: 0.03 };

/**
 * Requests a second of a service with office hours: 15 % at night, a rise to 1,600 within half an hour from 08:00, a fall over four hours
 * from 18:00, 60 % of it at weekends, noise of about 4 %. On the last day there is a spike as well: 1.8 times as much from
 * 14:00 for a quarter of an hour, reached within two minutes. The same seed gives the same load.
 *
 * @param from midnight UTC of a Monday
 */
export function dailyLoad(seed: number, from: number, days: number, intervalMs: number): LoadPoint[] {
  const random = createRandom(seed);
  let noise = 0;
  return Array.from({ length: (days * DAY_MS) / intervalMs }, (_, index): LoadPoint => {
    const sinceMs = index * intervalMs;
    const day = Math.floor(sinceMs / DAY_MS);
    noise = noise * NOISE.keep + (random.next() * 2 - 1) * NOISE.step;
    const ofDayMs = sinceMs % DAY_MS;
    const awake = smooth(ofDayMs, RISE.fromMs, RISE.forMs) - smooth(ofDayMs, FALL.fromMs, FALL.forMs);
    const share = NIGHT_SHARE + (1 - NIGHT_SHARE) * awake;
    const week = day % 7 >= 5 ? WEEKEND_SHARE : 1;
    const spike = day === days - 1 ? spikeAt(ofDayMs) : 1;
    return { at: from + sinceMs, value: FULL * share * week * spike * (1 + noise) };
  });
}

function spikeAt(ofDayMs: number): number {
  const { fromMs, riseMs, forMs, factor } = SPIKE;
  const up = smooth(ofDayMs, fromMs, riseMs) - smooth(ofDayMs, fromMs + forMs, riseMs);
  return 1 + (factor - 1) * up;
}

/** From 0 to 1 without a bend. */
function smooth(at: number, from: number, length: number): number {
  const x = Math.min(1, Math.max(0, (at - from) / length));
  return x * x * (3 - 2 * x);
}
