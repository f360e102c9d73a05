import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import type { Clock } from '../ports/clock.ts';

export interface FollowingOptions {
  /** Of what is followed, in words: those of several places do not come back together. */
  readonly where: string;
  readonly clock: Clock;
  /** Between two tries. */
  readonly wait: BackoffLimits;
}

/**
 * Follows events until that ends, and then again, for as long as it is open. That what is followed cannot be reached is what lists say.
 */
export class Following {
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;

  /** @param follow until it ends, or the signal aborts; it says when it has connected, after which the waits begin anew */
  constructor(
    follow: (signal: AbortSignal, onConnected: () => void) => Promise<void>,
    { where, clock, wait }: FollowingOptions,
  ) {
    this.#done = this.#run(follow, new Backoff(wait, () => `${where} ${clock.steadyMs()}`), clock);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  async #run(
    follow: (signal: AbortSignal, onConnected: () => void) => Promise<void>,
    backoff: Backoff,
    clock: Clock,
  ): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await follow(signal, () => backoff.reset()).catch(() => undefined);
      if (!signal.aborted) await clock.sleep(backoff.next(), signal);
    }
  }
}
