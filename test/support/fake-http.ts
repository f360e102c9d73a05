import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server on a free port of this host that says what a test wants; `null` for no answer at all. */
export class FakeHttp {
  answer: (request: IncomingMessage) => FakeAnswer | null = () => ({ status: 404 });
  readonly requests: IncomingMessage[] = [];
  readonly #server = createServer((request, response) => {
    this.requests.push(request);
    const answer = this.answer(request);
    if (answer === null) return;
    response.writeHead(answer.status ?? 200, answer.headers);
    response.end(answer.body ?? '');
  });

  static async start(): Promise<FakeHttp> {
    const fake = new FakeHttp();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}
