import type { EpochMs } from '../model/time.ts';
import { type Clock, clockSetBetween } from '../ports/clock.ts';

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

  /** See `clockSetBetween`. */
  get clockSetByMs(): number {
    const now = { at: this.#clock.now(), steadyMs: this.#clock.steadyMs() };
    return clockSetBetween({ at: this.#at, steadyMs: this.steadyMs }, now);
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
