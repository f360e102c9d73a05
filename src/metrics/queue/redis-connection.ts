/** A connection to Redis that asks one thing after the other, and reads no more of an answer than it can need. */

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ExpectedError } from '../../base/expected-error.ts';

/** `XINFO GROUPS` takes some 150 bytes for each group. */
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_NESTING = 4;
const DEFAULT_PORT = 6_379;

/** Redis refuses, gives an answer that is none or has no end, or the reading was given up. The message goes on after `it does not say: `. */
export class RedisError extends ExpectedError {}

/** What Redis answers in its protocol RESP2. */
export type RedisReply = string | number | null | readonly RedisReply[];

export interface RedisAccess {
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
}

/**
 * Connects, logs in, chooses the database of the URL, and lets `use` ask. The connection is gone when this resolves.
 * @throws RedisError, and what the network throws
 */
export async function withRedis<T>(
  { url, user, password }: RedisAccess,
  signal: AbortSignal,
  use: (ask: (...words: readonly string[]) => Promise<RedisReply>) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const socket = open(new URL(url));
  const onAbort = () => socket.destroy(new RedisError('the reading was given up'));
  signal.addEventListener('abort', onAbort, { once: true });
  const answers = new Answers(socket);
  const ask = async (...words: readonly string[]) => {
    socket.write(encode(words));
    return answers.next();
  };
  try {
    if (password !== null) await ask('AUTH', ...(user === null ? [] : [user]), password);
    const database = new URL(url).pathname.slice(1);
    if (database !== '') await ask('SELECT', database);
    return await use(ask);
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

function open({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const address = { host, port: port === '' ? DEFAULT_PORT : Number(port) };
  const socket = protocol === 'rediss:' ? connectTls({ ...address, servername: host }) : connect(address);
  // What goes wrong is told by the answer that is waited for; an error that nobody listens to would end the process.
  return socket.on('error', () => {});
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

class Answers {
  readonly #chunks: AsyncIterator<unknown>;
  #unread = Buffer.alloc(0);
  #leftBytes = MAX_ANSWER_BYTES;

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async next(): Promise<RedisReply> {
    this.#leftBytes = MAX_ANSWER_BYTES;
    return this.#reply(MAX_NESTING);
  }

  async #reply(nesting: number): Promise<RedisReply> {
    const line = await this.#line();
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        throw new RedisError(`it refuses: ${rest}`);
      case ':':
        return wholeNumber(rest);
      case '$':
        return this.#text(wholeNumber(rest));
      case '*':
        return this.#list(wholeNumber(rest), nesting);
      default:
        throw new RedisError('what answers does not speak the protocol of Redis');
    }
  }

  async #text(length: number): Promise<string | null> {
    if (length < 0) return null;
    if (length > MAX_ANSWER_BYTES) throw endless();
    while (this.#unread.length < length + 2) await this.#read();
    return this.#take(length + 2).toString('utf8', 0, length);
  }

  async #list(length: number, nesting: number): Promise<RedisReply> {
    if (length < 0) return null;
    if (nesting === 0) throw new RedisError('its answer is nested too deeply');
    const items: RedisReply[] = [];
    while (items.length < length) items.push(await this.#reply(nesting - 1));
    return items;
  }

  async #line(): Promise<string> {
    let end = this.#unread.indexOf('\r\n');
    while (end < 0) {
      const from = Math.max(0, this.#unread.length - 1);
      await this.#read();
      end = this.#unread.indexOf('\r\n', from);
    }
    return this.#take(end + 2).toString('utf8', 0, end);
  }

  #take(length: number): Buffer {
    const taken = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return taken;
  }

  async #read(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done === true || !Buffer.isBuffer(value)) throw new RedisError('it has closed the connection');
    this.#leftBytes -= value.length;
    if (this.#leftBytes < 0) throw endless();
    this.#unread = Buffer.concat([this.#unread, value]);
  }
}

function wholeNumber(text: string): number {
  const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new RedisError('it answers something that is no whole number where one belongs');
}

function endless(): RedisError {
  return new RedisError(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
}
