import type { Machine } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';

/** Between two observations while a machine has no address yet: that it gets one is no event. */
const ADDRESS_INTERVAL_MS = 1_000;

/** Those who want to know that an observation is worth while. */
export class Watchers {
  readonly #clock: Clock;
  readonly #closed: AbortSignal;
  readonly #watchers = new Set<() => void>();
  #isAwaitingAddress = false;

  constructor(clock: Clock, closed: AbortSignal) {
    this.#clock = clock;
    this.#closed = closed;
  }

  /** @returns the way to stop */
  add(onChange: () => void): () => void {
    // A function of its own for each call, so that watching twice with the same one works.
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  get isEmpty(): boolean {
    return this.#watchers.size === 0;
  }

  clear(): void {
    this.#watchers.clear();
  }

  notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Machines were listed: while one runs without an address, the next observation is worth while soon. */
  listed(machines: readonly Machine[]): void {
    const isAwaited = machines.some(({ state, addresses }) => state === 'running' && addresses.length === 0);
    if (!isAwaited || this.#isAwaitingAddress || this.isEmpty) return;
    this.#isAwaitingAddress = true;
    void this.#clock.sleep(ADDRESS_INTERVAL_MS, this.#closed).then(() => {
      this.#isAwaitingAddress = false;
      this.notify();
    });
  }
}
