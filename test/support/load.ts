import { Agent, request } from 'undici';

const REQUEST_TIMEOUT_MS = 30_000;

/** What a load came to. */
export interface LoadResult {
  readonly requests: number;
  /** Every answer but 200, and every request without an answer. */
  readonly failures: readonly string[];
  /** Who answered, by the text of the answer. */
  readonly answers: ReadonlyMap<string, number>;
}

/**
 * Constant load on one URL until `stop`: half of the clients keep their connection, half open a new one for each request.
 * Bounded by `maxRequests` in any case.
 */
export class Load {
  readonly #url: string;
  readonly #failures: string[] = [];
  readonly #answers = new Map<string, number>();
  readonly #clients: Promise<void>[];
  readonly #maxRequests: number;
  #requests = 0;
  #stopped = false;

  constructor(url: string, clients = 8, maxRequests = 1_000_000) {
    this.#url = url;
    this.#maxRequests = maxRequests;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#client(index % 2 === 0));
  }

  get requests(): number {
    return this.#requests;
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return { requests: this.#requests, failures: this.#failures, answers: this.#answers };
  }

  async #client(keepAlive: boolean): Promise<void> {
    const dispatcher = new Agent({ connections: 1, pipelining: keepAlive ? 1 : 0 });
    while (!this.#stopped && this.#requests < this.#maxRequests) {
      this.#requests += 1;
      try {
        const { statusCode, body } = await request(this.#url, {
          dispatcher,
          headersTimeout: REQUEST_TIMEOUT_MS,
          bodyTimeout: REQUEST_TIMEOUT_MS,
        });
        const text = await body.text();
        if (statusCode === 200) this.#answers.set(text, (this.#answers.get(text) ?? 0) + 1);
        else this.#failures.push(`${statusCode} ${text.slice(0, 80)}`);
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    await dispatcher.close();
  }
}
