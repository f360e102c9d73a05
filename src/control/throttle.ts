import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import type { Throttled } from '../decide/snapshot.ts';
import type { Clock } from '../ports/clock.ts';
import { isDefect, PortError } from '../ports/errors.ts';
import type { Ids } from '../ports/ids.ts';
import { Stopwatch } from './stopwatch.ts';

/** For a provider that does not say how long it wants to be left alone. */
const BACKOFF: BackoffLimits = { minMs: 1_000, maxMs: 300_000 };

export interface ThrottleEvents {
  /** Called with each programming error that a call has met. */
  readonly onDefect: (error: unknown) => void;
  /** A call was held back for so long. */
  readonly onWait: (waitMs: number) => void;
}

/** Slows all calls of one provider down when that asks for it, for as long as it asks, whichever of its calls it has refused. */
export class Throttle {
  readonly #clock: Clock;
  readonly #events: ThrottleEvents;
  readonly #backoff: Backoff;
  /** By the steady clock. */
  #untilMs = 0;
  #why = '';

  constructor(clock: Clock, ids: Ids, events: ThrottleEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#backoff = new Backoff(BACKOFF, () => ids.seed());
  }

  /** How long the next call waits. */
  get leftMs(): number {
    return Math.max(0, this.#untilMs - this.#clock.steadyMs());
  }

  /** Until when nothing is asked of the provider; null while it may be asked. */
  get state(): Throttled | null {
    const { leftMs } = this;
    return leftMs === 0 ? null : { until: this.#clock.now() + Math.ceil(leftMs), why: this.#why };
  }

  /** Makes a call when it may be made. */
  async call<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    while (this.leftMs > 0) {
      const waited = new Stopwatch(this.#clock);
      await this.#clock.sleep(this.leftMs, signal);
      this.#events.onWait(waited.elapsedMs);
      signal.throwIfAborted();
    }
    try {
      const answer = await run();
      if (this.leftMs === 0) this.#backoff.reset();
      return answer;
    } catch (error) {
      if (isDefect(error)) this.#events.onDefect(error);
      if (error instanceof PortError && error.reaction === 'RateLimited') this.#refused(error);
      throw error;
    }
  }

  #refused({ retryAfterMs, message }: PortError): void {
    const { leftMs } = this;
    // Calls that were under way together are refused together.
    const waitMs = retryAfterMs ?? (leftMs === 0 ? this.#backoff.next() : 0);
    this.#untilMs = this.#clock.steadyMs() + Math.max(leftMs, waitMs);
    this.#why = message;
  }
}
