import type { EpochMs } from '../../../src/model/time.ts';
import type { Clock } from '../../../src/ports/clock.ts';

/** Takes an event back that has not happened yet. */
export type Cancel = () => void;

interface Event {
  /** Milliseconds since the clock was made. */
  readonly at: number;
  readonly order: number;
  run: (() => void) | null;
}

/** What a host's clock says in the simulation's first moment. */
export const WORLD_BEGINS: EpochMs = Date.UTC(2030, 0, 1);
/** What a host's timers do with a longer wait: they fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Time that passes only when it is told to. Events happen one after the other, by time and then by the order in which they
 * were planned; between two of them everything that is ready to run has run.
 */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #epoch: EpochMs;
  #order = 0;
  readonly #heap: Event[] = [];

  constructor(start: EpochMs = WORLD_BEGINS) {
    this.#epoch = start;
  }

  now(): EpochMs {
    return this.#epoch + this.#elapsedMs;
  }

  steadyMs(): number {
    return this.#elapsedMs;
  }

  /** Since the clock was made. Never jumps, unlike `now`. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Sets the host's clock forward or, with a negative number, back. What was planned is still the same time away. */
  jump(byMs: number): void {
    this.#epoch += byMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = this.plan(delayMs <= LONGEST_TIMER_MS ? Math.max(1, delayMs) : 1, wake);
      signal?.addEventListener('abort', wake);
    });
  }

  /** Runs something `delayMs` from now. */
  plan(delayMs: number, run: () => void): Cancel {
    const event: Event = { at: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, run };
    push(this.#heap, event);
    return () => {
      event.run = null;
    };
  }

  /** Lets the next event happen, and everything that follows from it without more time. False when none is left. */
  async advance(): Promise<boolean> {
    for (let event = pop(this.#heap); event !== undefined; event = pop(this.#heap)) {
      if (event.run === null) continue;
      this.#elapsedMs = event.at;
      event.run();
      await settle();
      return true;
    }
    return false;
  }
}

/**
 * Resolves once no promise is left that can go on without an event. The one place in the simulation that leans on the host's
 * event loop: an immediate runs after the last microtask, and takes no time that anything could measure.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    // biome-ignore lint/plugin: see above.
    setImmediate(resolve);
  });
}

function earlier(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !earlier(event, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    let child = heap[below];
    if (child === undefined) break;
    const other = heap[below + 1];
    if (other !== undefined && earlier(other, child)) {
      child = other;
      below += 1;
    }
    if (!earlier(child, last)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
  return first;
}
