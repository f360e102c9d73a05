import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import { dashboardRoutes } from '../../../src/api/routes/dashboard.ts';
import { DIST } from './browser.ts';

/**
 * The dashboard and a controller's API at one address, for a browser that cannot open a unix socket. Whoever comes is this; what a viewer may
 * not do is for the API's own tests.
 */
export class Door {
  readonly #socket: string;
  readonly #role: 'viewer' | 'admin';
  readonly #pages: FastifyInstance;
  readonly #server: Server;

  constructor(dataDir: string, role: 'viewer' | 'admin' = 'admin') {
    this.#socket = join(dataDir, 'drover.sock');
    this.#role = role;
    this.#pages = fastify();
    dashboardRoutes(this.#pages, DIST);
    this.#server = createServer((asked, answer) => {
      if (asked.url === '/v1/session') return this.#session(answer);
      if (asked.url?.startsWith('/v1/') === true) return this.#pass(asked, answer);
      this.#pages.routing(asked, answer);
    });
  }

  async listen(): Promise<string> {
    await this.#pages.ready();
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#pages.close();
  }

  #session(answer: ServerResponse): void {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ name: 'ada', role: this.#role, csrfToken: 'csrf' }));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url: path, headers } = asked;
    const passed = request({ socketPath: this.#socket, method, path, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      answer.flushHeaders();
      got.on('error', () => answer.destroy());
      got.pipe(answer);
    });
    // As if nobody listened there.
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }
}
