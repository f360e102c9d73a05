import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';

/** Clocks are corrected by less than this all the time. */
export const CLOCK_CORRECTION_MS = 500;

/** Runs from when it is made, whatever is done to the time of day meanwhile. */
export class Stopwatch {
  /** When it was made, by the steady clock. */
  readonly steadyMs: number;
  readonly #clock: Clock;
  readonly #at: EpochMs;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
    this.steadyMs = clock.steadyMs();
  }

  get elapsedMs(): number {
    return this.#clock.steadyMs() - this.steadyMs;
  }

  /** By how much the time of day was set forward since, or the host has slept; negative when it was set back, 0 for next to nothing. */
  get clockSetByMs(): number {
    const byMs = Math.round(this.#clock.now() - this.#at - this.elapsedMs);
    return Math.abs(byMs) < CLOCK_CORRECTION_MS ? 0 : byMs;
  }

  /** How long ago it was made at most: the world has gone on while the host slept. */
  get ageMs(): number {
    return Math.max(this.elapsedMs, this.#clock.now() - this.#at);
  }

  /** When it was made, in the terms of the time of day as it is now; rather too early than too late. */
  get startedAt(): EpochMs {
    return this.#at + Math.min(0, this.clockSetByMs);
  }
}
