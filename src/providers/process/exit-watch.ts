import { isSame, type ProcessIdentity } from '../../base/procfs.ts';
import type { Clock } from '../../ports/clock.ts';
import { Watchers } from '../watchers.ts';

const POLL_INTERVAL_MS = 1_000;

/**
 * Tells watchers when servers exit. The controller's own children say so themselves; those that an earlier controller started
 * are checked once a second, all in one loop, while there are any and somebody watches.
 */
export class ExitWatch {
  readonly #clock: Clock;
  readonly #watchers = new Watchers();
  readonly #adopted = new Map<string, ProcessIdentity>();
  #polling: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(onExit: () => void): () => void {
    const stop = this.#watchers.add(onExit);
    this.#poll();
    return () => {
      stop();
      if (this.#watchers.isEmpty) this.#stopPolling();
    };
  }

  notify(): void {
    this.#watchers.notify();
  }

  adopt(instanceId: string, identity: ProcessIdentity): void {
    this.#adopted.set(instanceId, identity);
    this.#poll();
  }

  forget(instanceId: string): void {
    this.#adopted.delete(instanceId);
  }

  close(): void {
    this.#watchers.clear();
    this.#stopPolling();
  }

  #poll(): void {
    if (this.#polling !== null || this.#watchers.isEmpty || this.#adopted.size === 0) return;
    this.#polling = new AbortController();
    void this.#loop(this.#polling.signal);
  }

  #stopPolling(): void {
    this.#polling?.abort();
    this.#polling = null;
  }

  async #loop(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted && this.#adopted.size > 0) {
      await this.#clock.sleep(POLL_INTERVAL_MS, stopped);
      if (stopped.aborted) return;
      const gone = [...this.#adopted].filter(([, identity]) => !this.#lives(identity));
      for (const [instanceId] of gone) this.#adopted.delete(instanceId);
      if (gone.length > 0) this.notify();
    }
    if (!stopped.aborted) this.#stopPolling();
  }

  /** What cannot be told counts as alive: a watch is a hint, and the list that follows it tells the truth. */
  #lives(identity: ProcessIdentity): boolean {
    try {
      return isSame(identity);
    } catch {
      return true;
    }
  }
}
