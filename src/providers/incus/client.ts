import { readFile } from 'node:fs/promises';
import type { Agent, WebSocket } from 'undici';
import { z } from 'zod';
import { reasonOf } from '../../base/quoted.ts';
import { errorCode } from '../../base/system-error.ts';
import type { JsonObject } from '../../model/json.ts';
import { untilAborted } from '../../ports/deadline.ts';
import { PortError } from '../../ports/errors.ts';
import { incusError } from './errors.ts';
import type { ServerSettings } from './settings.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long the server may hold a question about an operation back; then it is asked again. */
const OPERATION_WAIT_SECONDS = 30;
/** For one answer. */
const ANSWER_TIMEOUT_MS = (OPERATION_WAIT_SECONDS + 15) * 1_000;
const RUNNING = 103;

const answerSchema = z.object({
  type: z.enum(['sync', 'async', 'error']),
  operation: z.string().default(''),
  error_code: z.number().default(0),
  error: z.string().default(''),
  metadata: z.unknown(),
});
const operationSchema = z.object({ status_code: z.number(), err: z.string() });

/** One Incus server: its REST API, over its socket or by HTTPS with a client certificate. */
export class IncusClient {
  /** The server in words. */
  readonly where: string;
  readonly #settings: ServerSettings;
  readonly #origin: string;
  #agent: Promise<Agent> | null = null;

  constructor(settings: ServerSettings) {
    this.#settings = settings;
    this.where = `Incus at ${settings.url ?? settings.socket}`;
    this.#origin = settings.url ?? 'http://incus';
  }

  /**
   * Reads something.
   * @throws PortError
   */
  async get<T extends z.ZodType>(path: string, schema: T, signal: AbortSignal): Promise<z.output<T>> {
    const { metadata } = await this.#ask('GET', path, null, signal);
    const result = schema.safeParse(metadata);
    if (result.success) return result.data;
    throw new PortError(
      'Transient',
      'answer',
      `${this.where} answers ${path} with what Drover does not know: ${z.prettifyError(result.error)}`,
    );
  }

  /**
   * Changes something, and waits until that is done.
   * @throws PortError
   */
  async change(method: 'POST' | 'PUT' | 'DELETE', path: string, body: JsonObject, signal: AbortSignal): Promise<void> {
    const { type, operation } = await this.#ask(method, path, body, signal);
    if (type === 'async') await this.finished(operation, signal);
  }

  /**
   * Waits for an operation.
   * @throws PortError why it has failed
   */
  async finished(operation: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const path = `${operation}/wait?timeout=${OPERATION_WAIT_SECONDS}`;
      const { status_code: status, err } = await this.get(path, operationSchema, signal);
      if (err !== '') throw incusError(this.where, status, err);
      if (status !== RUNNING) return;
    }
  }

  /** The server's events of a kind, as a stream. @throws PortError where its certificates cannot be read */
  async events(type: string): Promise<WebSocket> {
    const { WebSocket } = await import('undici');
    const url = `${this.#origin.replace(/^http/, 'ws')}${this.#withProject(`/1.0/events?type=${type}`)}`;
    return new WebSocket(url, { dispatcher: await this.#connection() });
  }

  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = null;
    await agent?.then(
      (one) => one.destroy(),
      () => undefined,
    );
  }

  async #ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body: JsonObject | null, signal: AbortSignal) {
    return await untilAborted(signal, async () => {
      const { request } = await import('undici');
      const dispatcher = await this.#connection();
      const content =
        body === null ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const bounds = { headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS };
      try {
        const answer = await request(`${this.#origin}${this.#withProject(path)}`, {
          method,
          dispatcher,
          signal,
          ...content,
          ...bounds,
        });
        const text = await answer.body.text();
        return this.#understood(`${method} ${path} at ${this.where}`, answer.statusCode, text);
      } catch (error) {
        throw error instanceof PortError ? error : this.#unreachable(error);
      }
    });
  }

  #understood(what: string, status: number, text: string): z.output<typeof answerSchema> {
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // It is no answer of Incus: said below.
    }
    const answer = answerSchema.safeParse(parsed);
    if (!answer.success)
      throw new PortError('Transient', 'answer', `${what}: HTTP ${status}, and not what Incus answers`);
    if (answer.data.type === 'error') throw incusError(what, answer.data.error_code, answer.data.error);
    return answer.data;
  }

  #unreachable(error: unknown): PortError {
    const code = errorCode(error);
    if (code === 'EACCES') {
      const message = `${this.where} is not open to Drover's user; add it to the group incus-admin`;
      return new PortError('Unauthorized', 'notAllowed', message, { cause: error });
    }
    const message = `${this.where} gives no answer: ${reasonOf(error)}; look whether it runs and is reached`;
    return new PortError('Transient', 'unreachable', message, { cause: error });
  }

  #withProject(path: string): string {
    return `${path}${path.includes('?') ? '&' : '?'}project=${encodeURIComponent(this.#settings.project)}`;
  }

  /** Made once; certificates are read then. */
  #connection(): Promise<Agent> {
    this.#agent ??= this.#connect().catch((error: unknown) => {
      this.#agent = null;
      throw error;
    });
    return this.#agent;
  }

  async #connect(): Promise<Agent> {
    const { Agent } = await import('undici');
    const { socket, certificate, key, serverCertificate } = this.#settings;
    const options = { maxResponseSize: MAX_BODY_BYTES };
    const connect = { timeout: CONNECT_TIMEOUT_MS };
    if (socket !== null) return new Agent({ ...options, connect: { ...connect, socketPath: socket } });
    const read = (path: string) =>
      readFile(path, 'utf8').catch((error: unknown) => {
        throw new PortError('Unauthorized', 'certificate', `${path} cannot be read: ${reasonOf(error)}`, {
          cause: error,
        });
      });
    const client = { cert: await read(certificate ?? ''), key: await read(key ?? '') };
    if (serverCertificate === null) return new Agent({ ...options, connect: { ...connect, ...client } });
    // Nobody but the server has the key of its own certificate, whatever name it is reached by.
    const pinned = { ca: await read(serverCertificate), checkServerIdentity: () => undefined };
    return new Agent({ ...options, connect: { ...connect, ...client, ...pinned } });
  }
}
