import { z } from 'zod';
import { Backoff } from '../../base/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IncusClient } from './client.ts';

const RESTART = { minMs: 1_000, maxMs: 60_000 };

const eventSchema = z.object({ metadata: z.object({ name: z.string() }) });

/** Follows what happens to instances, by the server's events, for as long as it is open. */
export class EventWatch {
  readonly #client: IncusClient;
  readonly #clock: Clock;
  readonly #isOwn: (name: string) => boolean;
  readonly #onEvent: () => void;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;

  constructor(client: IncusClient, clock: Clock, isOwn: (name: string) => boolean, onEvent: () => void) {
    this.#client = client;
    this.#clock = clock;
    this.#isOwn = isOwn;
    this.#onEvent = onEvent;
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(RESTART, () => `${this.#client.where} ${this.#clock.steadyMs()}`);
    while (!this.#closed.signal.aborted) {
      // Where it cannot even begin the lists say why.
      if (await this.#follow().catch(() => false)) backoff.reset();
      await this.#clock.sleep(backoff.next(), this.#closed.signal);
    }
  }

  /** Until it ends. @returns whether it was connected */
  async #follow(): Promise<boolean> {
    const socket = await this.#client.events('lifecycle');
    const { promise, resolve } = Promise.withResolvers<void>();
    const onClose = () => {
      socket.close();
      resolve();
    };
    this.#closed.signal.addEventListener('abort', onClose, { once: true });
    if (this.#closed.signal.aborted) onClose();
    let wasConnected = false;
    socket.addEventListener('open', () => {
      wasConnected = true;
    });
    socket.addEventListener('message', ({ data }) => this.#heard(String(data)));
    socket.addEventListener('error', () => resolve());
    socket.addEventListener('close', () => resolve());
    await promise;
    this.#closed.signal.removeEventListener('abort', onClose);
    return wasConnected;
  }

  #heard(text: string): void {
    let event: unknown = null;
    try {
      event = JSON.parse(text);
    } catch {
      // Nothing that Drover waits for.
    }
    const parsed = eventSchema.safeParse(event);
    if (parsed.success && this.#isOwn(parsed.data.metadata.name)) this.#onEvent();
  }
}
