import { Backoff } from '../../base/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import { withDeadline } from '../../ports/deadline.ts';
import type { Engine } from './engine.ts';
import { fleetFilter } from './labels.ts';

const RECONNECT = { minMs: 500, maxMs: 30_000 };
/** A connection to a host that has vanished ends by itself only much later. */
const RENEWAL_MS = 300_000;
/** Docker tells of an event a moment before its lists show what has happened. */
const LISTED_AFTER_MS = 300;
const EVENTS = ['start', 'die', 'oom', 'destroy', 'pause', 'unpause'];

/** Follows the events of the fleet's containers on one engine, and connects again when that ends. */
export class EventWatch {
  readonly #engine: Engine;
  readonly #fleet: string;
  readonly #clock: Clock;
  readonly #onEvent: () => void;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;

  constructor(engine: Engine, fleet: string, clock: Clock, onEvent: () => void) {
    this.#engine = engine;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#done = this.#keepFollowing();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  async #keepFollowing(): Promise<void> {
    const { signal } = this.#closed;
    const backoff = new Backoff(RECONNECT, () => `${this.#engine.where} ${this.#clock.now()}`);
    while (!signal.aborted) {
      const follow = (bounded: AbortSignal) => this.#follow(bounded, () => backoff.reset());
      // That the engine is not reached is what lists say.
      await withDeadline(this.#clock, RENEWAL_MS, signal, follow).catch(() => undefined);
      if (!signal.aborted) await this.#clock.sleep(backoff.next(), signal);
    }
  }

  async #follow(abortSignal: AbortSignal, onConnected: () => void): Promise<void> {
    const filters = { type: ['container' as const], event: EVENTS, label: [fleetFilter(this.#fleet)] };
    const stream = await this.#engine.use('following events', (docker) => docker.getEvents({ filters, abortSignal }));
    onConnected();
    // What happened meanwhile is not told again.
    this.#onEvent();
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.on('data', () => {
      this.#onEvent();
      void this.#clock.sleep(LISTED_AFTER_MS, abortSignal).then(() => this.#onEvent());
    });
    for (const end of ['end', 'close', 'error']) stream.once(end, () => resolve());
    await promise;
  }
}
