import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, type Dispatcher, request, WebSocket } from 'undici';
import type { FailedRequest } from './load.ts';

/** The program that answers them. */
export const EVERY_CLIENT_SERVER = join(import.meta.dirname, 'fixtures', 'every-client-server.js');

/** How long one stream, WebSocket or upload lasts: longer than the change that it is to live through. */
const ROUND_MS = 2_500;
const GAP_MS = 100;
const LONG_POLL_MS = 1_500;
const GIVE_UP_AFTER_MS = 150;
const BURST_REQUESTS = 20;
const BURST_MS = 200;
const CHUNK = Buffer.alloc(8_192);
const TIMEOUT_MS = 30_000;
const POLL_EVERY_MS = 20;
/** Two minutes: the longest round takes some seconds. */
const ROUNDS_POLLS_MAX = 120_000 / POLL_EVERY_MS;

/** What a client does, over and over. */
const KINDS = {
  /** On a connection that is kept. */
  get: (one) => one.get('/'),
  /** On a new connection each time. */
  getOnNewConnection: (one) => one.get('/'),
  post: (one) => one.post([CHUNK]),
  longPoll: (one) => one.get(`/slow?ms=${LONG_POLL_MS}`),
  stream: (one) => one.stream(),
  upload: (one) => one.post(slowly(), ROUND_MS / GAP_MS),
  webSocket: (one) => one.talk(),
  /** Does not wait for its answer. */
  leaves: (one) => one.leave(),
  /** More at once than the servers are used to. */
  burst: async (one) => {
    await Promise.all(Array.from({ length: BURST_REQUESTS }, () => one.get('/slow?ms=50')));
    await pause(BURST_MS);
  },
} as const satisfies Record<string, (one: Client) => Promise<void>>;

export type ClientKind = keyof typeof KINDS;

/** What a killed server takes with it: answers that have begun, and what it may have done already. */
const LOST_WITH_A_SERVER: readonly string[] = ['stream', 'webSocket', 'upload', 'post'] satisfies ClientKind[];

export function isLostWithServer({ client }: FailedRequest): boolean {
  return LOST_WITH_A_SERVER.includes(client);
}

/** Every kind of client on one URL, two of each, until `stop`. Their server is `EVERY_CLIENT_SERVER`. */
export class EveryClient {
  readonly #failures: FailedRequest[] = [];
  readonly #rounds = new Map<ClientKind, number>();
  readonly #clients: Promise<void>[];
  #isStopped = false;

  constructor(url: string) {
    const kinds = Object.keys(KINDS) as ClientKind[];
    this.#clients = kinds.flatMap((kind) => [this.#run(url, kind), this.#run(url, kind)]);
  }

  /** How many rounds the clients of a kind have ended, well or badly. */
  rounds(kind: ClientKind): number {
    return this.#rounds.get(kind) ?? 0;
  }

  /** Resolves when each kind has ended a round that began after now: what is done then meets all of them in the middle of something. */
  async allUnderWay(): Promise<void> {
    const kinds = Object.keys(KINDS) as ClientKind[];
    const goals = kinds.map((kind) => [kind, this.rounds(kind) + 3] as const);
    const isReached = () => goals.every(([kind, goal]) => this.rounds(kind) >= goal);
    for (let polls = 0; !isReached(); polls += 1) {
      if (polls > ROUNDS_POLLS_MAX) throw new Error(`the clients do not end their rounds: ${JSON.stringify(goals)}`);
      await pause(POLL_EVERY_MS);
    }
  }

  /** Lets each client end its round: what is under way now lives through all that was done before. */
  async stop(): Promise<readonly FailedRequest[]> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
    return this.#failures;
  }

  async #run(url: string, kind: ClientKind): Promise<void> {
    const client = new Client(url, kind !== 'getOnNewConnection');
    while (!this.#isStopped) {
      const startedAt = Date.now();
      try {
        await KINDS[kind](client);
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        this.#failures.push({ client: kind, startedAt, endedAt: Date.now(), what });
        await pause(POLL_EVERY_MS);
      }
      this.#rounds.set(kind, this.rounds(kind) + 1);
    }
    await client.close();
  }
}

/** Each way of asking; all of them throw when the answer is not whole. */
class Client {
  readonly #url: string;
  readonly #dispatcher: Agent;

  constructor(url: string, keepsConnections: boolean) {
    this.#url = url;
    this.#dispatcher = new Agent({ pipelining: keepsConnections ? 1 : 0 });
  }

  async get(path: string): Promise<void> {
    await textOf(await this.#ask(path, { method: 'GET' }));
  }

  async post(body: Iterable<Buffer> | AsyncIterable<Buffer>, chunks = 1): Promise<void> {
    const counted = await textOf(await this.#ask('/count', { method: 'POST', body: Readable.from(body) }));
    if (Number(counted) !== chunks * CHUNK.length)
      throw new Error(`${counted} of ${chunks * CHUNK.length} bytes arrived`);
  }

  async stream(): Promise<void> {
    const events = ROUND_MS / GAP_MS;
    const text = await textOf(await this.#ask(`/stream?events=${events}&gap=${GAP_MS}`, { method: 'GET' }));
    const got = text.match(/^data: /gm)?.length ?? 0;
    if (got !== events || !text.endsWith('event: end\n\n'))
      throw new Error(`the stream ended after ${got} of ${events} events`);
  }

  async talk(): Promise<void> {
    const socket = new WebSocket(this.#url.replace('http', 'ws'), { dispatcher: this.#dispatcher });
    const sent = ROUND_MS / GAP_MS;
    let got = 0;
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => socket.send('0'));
      socket.addEventListener('message', () => {
        got += 1;
        if (got < sent) setTimeout(() => socket.send(String(got)), GAP_MS);
        else resolve();
      });
      const fail = (what: string) => reject(new Error(`the WebSocket ${what} after ${got} of ${sent} messages`));
      socket.addEventListener('close', () => fail('was closed'));
      socket.addEventListener('error', () => fail('failed'));
    });
    socket.close();
  }

  async leave(): Promise<void> {
    const aborted = this.#ask(`/slow?ms=${TIMEOUT_MS}`, {
      method: 'GET',
      signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
    });
    await aborted.then(
      ({ statusCode }) => {
        throw new Error(`was answered ${statusCode} before it left`);
      },
      (error: unknown) => {
        if (!(error instanceof Error && error.name === 'TimeoutError')) throw error;
      },
    );
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  #ask(path: string, options: Pick<Dispatcher.RequestOptions, 'method' | 'body' | 'signal'>) {
    return request(`${this.#url}${path}`, {
      ...options,
      dispatcher: this.#dispatcher,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
  }
}

async function textOf({ statusCode, body }: Dispatcher.ResponseData): Promise<string> {
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${statusCode} ${text.slice(0, 80).replaceAll(/\s+/g, ' ')}`);
  return text;
}

async function* slowly(): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < ROUND_MS / GAP_MS; sent += 1) {
    yield CHUNK;
    await pause(GAP_MS);
  }
}
