import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';

const REQUEST_TIMEOUT_MS = 30_000;

/** A request that got another answer than 200, or none. Times are in milliseconds since the epoch. */
export interface FailedRequest {
  readonly startedAt: number;
  readonly endedAt: number;
  /** What kind of client sent it. */
  readonly client: string;
  readonly what: string;
}

/** What a load came to. */
export interface LoadResult {
  readonly requests: number;
  /** What was wrong with each failed request. */
  readonly failures: readonly string[];
  readonly failed: readonly FailedRequest[];
  /** Who answered, by the text of the answer. */
  readonly answers: ReadonlyMap<string, number>;
  /** The longest that a request which succeeded took. */
  readonly slowestMs: number;
}

export interface LoadOptions {
  readonly clients?: number;
  readonly maxRequests?: number;
  /** What each client waits between two requests; without it the load is as heavy as it can be. */
  readonly pauseMs?: number;
}

/**
 * Constant load on one URL until `stop`: half of the clients keep their connection, half open a new one for each request.
 * Bounded by `maxRequests` in any case.
 */
export class Load {
  readonly #url: string;
  readonly #failed: FailedRequest[] = [];
  readonly #answers = new Map<string, number>();
  readonly #clients: Promise<void>[];
  readonly #maxRequests: number;
  readonly #pauseMs: number;
  #requests = 0;
  #slowestMs = 0;
  #stopped = false;

  constructor(url: string, { clients = 8, maxRequests = 1_000_000, pauseMs = 0 }: LoadOptions = {}) {
    this.#url = url;
    this.#maxRequests = maxRequests;
    this.#pauseMs = pauseMs;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index % 2 === 0));
  }

  get requests(): number {
    return this.#requests;
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return {
      requests: this.#requests,
      failures: this.#failed.map(({ what }) => what),
      failed: this.#failed,
      answers: this.#answers,
      slowestMs: this.#slowestMs,
    };
  }

  async #client(keepAlive: boolean): Promise<void> {
    const dispatcher = new Agent({ connections: 1, pipelining: keepAlive ? 1 : 0 });
    const client = keepAlive ? 'kept connection' : 'new connection';
    while (!this.#stopped && this.#requests < this.#maxRequests) {
      this.#requests += 1;
      const startedAt = Date.now();
      const what = await this.#send(dispatcher);
      const endedAt = Date.now();
      if (what !== null) this.#failed.push({ startedAt, endedAt, client, what });
      else this.#slowestMs = Math.max(this.#slowestMs, endedAt - startedAt);
      if (this.#pauseMs > 0) await pause(this.#pauseMs);
    }
    await dispatcher.close();
  }

  /** @returns what was wrong; null for nothing */
  async #send(dispatcher: Agent): Promise<string | null> {
    try {
      const { statusCode, body } = await request(this.#url, {
        dispatcher,
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: REQUEST_TIMEOUT_MS,
      });
      const text = await body.text();
      if (statusCode !== 200) return `${statusCode} ${text.slice(0, 80).replaceAll(/\s+/g, ' ')}`;
      this.#answers.set(text, (this.#answers.get(text) ?? 0) + 1);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
