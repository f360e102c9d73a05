import { spawn } from 'node:child_process';
import { Agent, type ClientRequest } from 'node:http';
import { Duplex } from 'node:stream';
import { inheritedEnvironment } from '../../base/user-program.ts';
import type { Clock } from '../../ports/clock.ts';

const CONNECT_TIMEOUT_S = 10;
/** After three of these without an answer the connection is over. */
const ALIVE_INTERVAL_S = 5;
/** Lists, events, launches and endings at once; sshd takes ten sessions by default. */
const MAX_CONNECTIONS = 8;
/** A launch is three calls: each connection costs a login and two programs, so that it is kept for the next one. */
const IDLE_MS = 10_000;
/** Of its end, which says the most. */
const MAX_COMPLAINT_CHARACTERS = 250;

/** The code of an error that says: ssh was refused, or does not trust the host. */
export const SSH_REFUSED = 'SSH_REFUSED';
const REFUSED = /Host key verification failed|Permission denied \(|Too many authentication failures/;

/**
 * Connections to an engine through the user's own `ssh`, as Docker's own client makes them: with its configuration, its keys and its known hosts.
 * (The ssh that docker-modem brings takes any host's key.)
 */
export class SshAgent extends Agent {
  readonly #args: readonly string[];
  readonly #clock: Clock;
  /** Connections that wait for the next call. */
  readonly #idle = new Map<Duplex, AbortController>();

  constructor({ destination, port }: { readonly destination: string; readonly port: number | null }, clock: Clock) {
    super({ keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: MAX_CONNECTIONS });
    this.#clock = clock;
    this.#args = [
      ...['-T', '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_TIMEOUT_S}`],
      ...['-o', `ServerAliveInterval=${ALIVE_INTERVAL_S}`, '-o', 'ControlPath=none'],
      ...(port === null ? [] : ['-p', String(port)]),
      ...['--', destination, 'docker', 'system', 'dial-stdio'],
    ];
  }

  override createConnection(): Duplex {
    const sshSocket = process.env.SSH_AUTH_SOCK;
    const env = { ...inheritedEnvironment(), ...(sshSocket === undefined ? {} : { SSH_AUTH_SOCK: sshSocket }) };
    const child = spawn('ssh', this.#args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
    const stream = new SshStream(child);
    child.once('error', (error) => stream.destroy(error));
    stream.once('close', () => this.#isUsed(stream));
    return stream;
  }

  override keepSocketAlive(stream: Duplex): boolean {
    const used = new AbortController();
    this.#idle.set(stream, used);
    void this.#clock.sleep(IDLE_MS, used.signal).then(() => {
      if (!used.signal.aborted) stream.destroy();
    });
    return true;
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    this.#isUsed(stream);
    super.reuseSocket(stream, request);
  }

  #isUsed(stream: Duplex): void {
    this.#idle.get(stream)?.abort('used');
    this.#idle.delete(stream);
  }
}

/** What an HTTP client asks of a socket, on a program's standard input and output. */
class SshStream extends Duplex {
  readonly #child: ReturnType<typeof spawn>;
  #hasEnded = false;
  #complaint = '';

  constructor(child: ReturnType<typeof spawn>) {
    super();
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = `${this.#complaint}${text}`.slice(-MAX_COMPLAINT_CHARACTERS);
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout?.pause();
    });
    child.stdin?.on('error', () => undefined);
    child.once('close', (code) => {
      this.#hasEnded = true;
      if (code === 0 || this.#complaint === '') this.push(null);
      else {
        const said = this.#complaint.trim();
        const reason = REFUSED.test(said) ? SSH_REFUSED : 'ECONNREFUSED';
        this.destroy(Object.assign(new Error(`ssh: ${said}`), { code: reason }));
      }
    });
  }

  override _read(): void {
    this.#child.stdout?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { stdin } = this.#child;
    if (this.#hasEnded) done(Object.assign(new Error('ssh has ended'), { code: 'EPIPE' }));
    // Why it does not read any more is known at its end.
    else if (stdin === null || stdin.destroyed) return;
    else if (stdin.write(chunk)) done();
    else stdin.once('drain', () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill('SIGTERM');
    done(error);
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
