import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A request as it came. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | (() => Iterable<string>);
}

/** An HTTP server that notes what it gets. What it answers is told each time; `hang` never does. */
export class HttpReceiver {
  readonly received: ReceivedRequest[] = [];
  /** Called with the newest request. */
  answer: (request: ReceivedRequest) => Answer | 'hang' = () => ({ status: 204 });
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      this.received.push(got);
      const answer = this.answer(got);
      if (answer === 'hang') return;
      response.on('error', () => {});
      response.writeHead(answer.status, { ...answer.headers });
      if (typeof answer.body !== 'function') return void response.end(answer.body ?? '');
      const parts = answer.body()[Symbol.iterator]();
      const send = () => {
        for (let part = parts.next(); part.done !== true; part = parts.next()) {
          if (response.destroyed) return;
          if (!response.write(part.value)) return void response.once('drain', send);
        }
        response.end();
      };
      send();
    });
  });
  #port = 0;

  static async open(): Promise<HttpReceiver> {
    const receiver = new HttpReceiver();
    await new Promise<void>((resolve) => void receiver.#server.listen(0, '127.0.0.1', resolve));
    receiver.#port = (receiver.#server.address() as AddressInfo).port;
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly text: string;
}

/** An SMTP server that notes what it gets. */
export class MailReceiver {
  readonly received: ReceivedMail[] = [];
  /** The login that it lets in; null for none. */
  login: { readonly user: string; readonly pass: string } | null = null;
  /** What it says instead of taking a message; null to take it. */
  refusal: { readonly code: number; readonly message: string } | null = null;
  /** Whom it refuses. */
  refusedRecipients: readonly string[] = [];
  isHanging = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: SMTPServer;
  #port = 0;

  constructor(withLogin: boolean) {
    this.#server = new SMTPServer({
      authOptional: !withLogin,
      disabledCommands: withLogin ? [] : ['AUTH', 'STARTTLS'],
      onConnect: (_session, callback) => {
        if (!this.isHanging) callback();
      },
      onAuth: ({ username, password }, _session, callback) => {
        const isLetIn = username === this.login?.user && password === this.login?.pass;
        callback(isLetIn ? null : new Error('Invalid username or password'), isLetIn ? { user: username } : undefined);
      },
      onRcptTo: ({ address }, _session, callback) => {
        callback(this.refusedRecipients.includes(address) ? withCode(550, `no such user ${address}`) : null);
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          if (this.refusal !== null) return callback(withCode(this.refusal.code, this.refusal.message));
          const user = typeof session.user === 'string' ? session.user : undefined;
          this.received.push({
            from,
            to: rcptTo.map(({ address }) => address),
            user,
            text: Buffer.concat(chunks).toString(),
          });
          return callback();
        });
      },
    });
    this.#server.on('error', () => {});
    this.#server.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async open(withLogin = false): Promise<MailReceiver> {
    const receiver = new MailReceiver(withLogin);
    const listening = receiver.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => listening.once('listening', resolve));
    receiver.#port = (listening.address() as AddressInfo).port;
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function withCode(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
