import type { Clock } from '../ports/clock.ts';

/** Where a loop waits for its next pass: for a time, or until there is a reason to begin sooner. */
export class Wake {
  readonly #clock: Clock;
  #notified = false;
  #waiting: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    this.#notified = true;
    // A reason of our own: without one, each abort would make an error with its stack.
    this.#waiting?.abort('woken');
  }

  /** Whether it was notified since the last wait. */
  get isNotified(): boolean {
    return this.#notified;
  }

  /** Waits however long it takes, without a timer. Returns at once when it was notified since the last wait. */
  async untilNotified(): Promise<void> {
    if (!this.#notified) {
      const waiting = new AbortController();
      this.#waiting = waiting;
      await new Promise((resolve) => waiting.signal.addEventListener('abort', resolve, { once: true }));
      this.#waiting = null;
    }
    this.#notified = false;
  }

  /**
   * Returns at once when it was notified since the last wait.
   * @returns whether it was notified before the time was over
   */
  async wait(delayMs: number): Promise<boolean> {
    if (!this.#notified) {
      this.#waiting = new AbortController();
      await this.#clock.sleep(delayMs, this.#waiting.signal);
      this.#waiting = null;
    }
    const notified = this.#notified;
    this.#notified = false;
    return notified;
  }
}
