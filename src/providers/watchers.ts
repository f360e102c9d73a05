import type { Machine } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';

/** Those who want to know that an observation is worth while. */
export class Watchers {
  readonly #watchers = new Set<() => void>();
  #isPlanned = false;

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

  /** The next observation is worth while after so long, unless one is planned already: what is waited for is no event. */
  notifyIn(ms: number, clock: Clock, closed: AbortSignal): void {
    if (this.#isPlanned || this.isEmpty) return;
    this.#isPlanned = true;
    void clock.sleep(ms, closed).then(() => {
      this.#isPlanned = false;
      this.notify();
    });
  }
}

/** Between two observations while a machine has no address yet. */
export const ADDRESS_INTERVAL_MS = 1_000;

/** Whether it runs, and has no address yet: that it gets one is no event. */
export function awaitsAddress({ state, addresses }: Machine): boolean {
  return state === 'running' && addresses.length === 0;
}
