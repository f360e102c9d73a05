import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';

const REQUEST_TIMEOUT_MS = 10_000;
const TICK_MS = 20;
/** What is caught up at most after this process was held up: more would be a burst that nobody asked for. */
const MAX_CATCH_UP_MS = 200;

/**
 * So many requests a second on one URL, however long each takes: unlike a number of clients that each wait for their answer, it does
 * not become less where servers are slow.
 */
export class SteadyLoad {
  readonly #url: string;
  readonly #dispatcher = new Agent({ connections: 200 });
  readonly #under = new Set<Promise<void>>();
  readonly #failures: string[] = [];
  readonly #sending: Promise<void>;
  #perSecond: number;
  #requests = 0;
  #isStopped = false;

  constructor(url: string, perSecond: number) {
    this.#url = url;
    this.#perSecond = perSecond;
    this.#sending = this.#run();
  }

  get requests(): number {
    return this.#requests;
  }

  /** What was wrong with each failed request until now. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  change(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  /** So many at once, beside the rest. */
  burst(count: number): Promise<unknown> {
    return Promise.all(Array.from({ length: count }, () => this.#begin()));
  }

  /** Waits for the answers that are still to come. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#sending;
    await Promise.all(this.#under);
    await this.#dispatcher.close();
  }

  async #run(): Promise<void> {
    let before = Date.now();
    let due = 0;
    while (!this.#isStopped) {
      await pause(TICK_MS);
      const now = Date.now();
      due += (this.#perSecond * Math.min(MAX_CATCH_UP_MS, now - before)) / 1000;
      before = now;
      for (; due >= 1; due -= 1) void this.#begin();
    }
  }

  #begin(): Promise<void> {
    this.#requests += 1;
    const one = this.#send().finally(() => this.#under.delete(one));
    this.#under.add(one);
    return one;
  }

  async #send(): Promise<void> {
    try {
      const { statusCode, body } = await request(this.#url, {
        dispatcher: this.#dispatcher,
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: REQUEST_TIMEOUT_MS,
      });
      const text = await body.text();
      if (statusCode !== 200) this.#failures.push(`${statusCode} ${text.slice(0, 80)}`);
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error));
    }
  }
}
