import { untilAborted } from '../ports/deadline.ts';

/**
 * So many calls at a time; who comes later waits, the oldest first, and may be called off meanwhile. (p-limit and its kind keep what was
 * called off in their queue.)
 */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    try {
      return await call();
    } finally {
      this.#give();
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    try {
      await untilAborted(signal, () => promise);
    } catch (error) {
      // It may have been its turn in this very moment.
      if (!this.#waiting.delete(resolve)) this.#give();
      throw error;
    }
  }

  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
