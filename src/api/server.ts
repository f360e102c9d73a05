import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type FleetService, ServiceError } from '../control/service.ts';
import type { Clock } from '../ports/clock.ts';
import { asPortError, isDefect } from '../ports/errors.ts';
import { parseExplained } from '../settings/explain.ts';
import { boundClients } from './bounds.ts';
import { type Authenticate, authorize, type Caller } from './caller.ts';
import { ERRORS, type ErrorCode, malformed, PROBLEM_TYPE, problemBody, Refusal } from './errors.ts';
import { ConditionalChanges, markAnswers } from './etags.ts';
import { EventHub } from './event-hub.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { describe } from './openapi.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { routes } from './routes/index.ts';
import { type Observability, observabilityRoutes } from './routes/observability.ts';
import { logInRoutes } from './routes/sessions.ts';
import { bySession, type SessionMemory, Sessions } from './sessions.ts';

const bodyLimitBytes = 64 * 1024;
const requestTimeoutMs = 10_000;
/** Of a connection on which nothing moves: its client neither asks nor reads. */
const idleTimeoutMs = 30_000;

export interface ApiOptions {
  readonly service: FleetService;
  readonly clock: Clock;
  /** Drover's own version. */
  readonly version: string;
  /** Called with every error behind a 500: the answer itself says no more than the cause, where it is known. */
  readonly onInternalError: (error: unknown) => void;
  /** Where sessions of the dashboard are kept; without it, until the controller ends. */
  readonly sessions?: SessionMemory;
  /** What is answered to monitoring; without it, nothing. */
  readonly observability?: Observability;
}

const NO_MEMORY: SessionMemory = { load: () => [], save: () => {} };

/** What all ways in to one controller share. */
export class Api {
  readonly #options: ApiOptions;
  readonly #changes = new ConditionalChanges();
  readonly #keys: IdempotencyKeys;
  readonly #events: EventHub;
  readonly #sessions: Sessions;
  #address: string | null = null;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#sessions = new Sessions(options.clock, options.sessions ?? NO_MEMORY);
    this.#keys = new IdempotencyKeys(options.clock);
    this.#events = new EventHub(options.service, options.clock, options.onInternalError);
  }

  /** The way in over TCP: for the dashboard, and for whoever has logged in there. */
  buildDashboard(folder: string): FastifyInstance {
    const app = this.build(bySession(this.#sessions));
    logInRoutes(app, this.#sessions);
    dashboardRoutes(app, folder);
    return app;
  }

  /** From now on the dashboard is at this URL. */
  isAt(address: string): void {
    this.#address = address;
  }

  /** @returns a link that opens the dashboard and logs in, once @throws Refusal `conflict` where the dashboard is nowhere */
  link(caller: Caller): string {
    if (this.#address !== null) return `${this.#address}/login#code=${this.#sessions.code(caller)}`;
    throw new Refusal(
      'conflict',
      'The controller listens on its socket alone: start it with `drover run --listen 127.0.0.1:7700`.',
    );
  }

  /** One way in, apart from listening: tests use `inject()`. */
  build(authenticate: Authenticate): FastifyInstance {
    const { service, clock, version, onInternalError, observability } = this.#options;
    const app = fastify({
      bodyLimit: bodyLimitBytes,
      requestTimeout: requestTimeoutMs,
      connectionTimeout: idleTimeoutMs,
      http: { requireHostHeader: false },
      forceCloseConnections: true,
      clientErrorHandler: refuseUnreadable,
      frameworkErrors: (error, _request, reply) => {
        const { code, message } = errorAnswer(error);
        refuse(reply as FastifyReply, code, message);
      },
    });

    app.setValidatorCompiler(({ schema }) => (data) => {
      if (!(schema instanceof z.ZodType)) throw new Error('Routes are described by zod schemas.');
      const result = parseExplained(schema, data);
      return 'value' in result ? result : { error: malformed(result.problems) };
    });
    app.setSerializerCompiler(serializerCompiler);

    app.setErrorHandler<FastifyError>((error, request, reply) => {
      const { code, message } = errorAnswer(error, request.routeOptions.bodyLimit);
      if (code === 'internal') onInternalError(error);
      return refuse(reply, code, message);
    });

    app.setNotFoundHandler((request, reply) => {
      const message = `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`;
      return refuse(reply, 'notFound', message);
    });

    app.server.on('checkExpectation', refuseExpectation);
    boundClients(app);
    authorize(app, authenticate, (id) => service.instance(id)?.group ?? null);
    this.#keys.watch(app);
    markAnswers(app);
    describe(app, version);
    if (observability !== undefined) observabilityRoutes(app, observability);
    const context = {
      service,
      clock,
      authenticate,
      changes: this.#changes,
      events: this.#events,
      link: (caller: Caller) => this.link(caller),
    };
    app.register(routes(context), { prefix: '/v1' });
    // Streams would keep it from closing.
    app.addHook('preClose', async () => this.#events.close());
    return app;
  }
}

function refuse(reply: FastifyReply, code: ErrorCode, message: string): FastifyReply {
  return reply
    .code(ERRORS[code].status)
    .type(PROBLEM_TYPE)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemBody(code, message));
}

/** What Node cannot read as HTTP is answered like everything else that is wrong. */
function refuseUnreadable(_error: Error, socket: Socket): void {
  const body = JSON.stringify(problemBody('malformed', 'This is not a request that can be read.'));
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}`;
  if (socket.writable) socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
  else socket.destroy();
}

/** Only `100-continue` can be expected; Node would refuse the rest without a body. */
function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const detail = 'The header Expect asks for what is not known here; leave it out.';
  const body = JSON.stringify({ ...problemBody('malformed', detail), status: 417 });
  response.writeHead(417, { 'content-type': PROBLEM_TYPE, 'content-length': body.length, connection: 'close' });
  response.end(body);
}

function errorAnswer(error: FastifyError | Error, limitBytes = bodyLimitBytes): { code: ErrorCode; message: string } {
  if (error instanceof ServiceError || error instanceof Refusal) return { code: error.code, message: error.message };
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === ERRORS.tooLarge.status) {
    return { code: 'tooLarge', message: `The body is larger than ${limitBytes} bytes.` };
  }
  // What fastify refuses by itself: a body that is no JSON, a content type that is not known, a broken escape in the URL.
  if (status !== undefined && status >= 400 && status < 500) return { code: 'malformed', message: error.message };
  // What a port says of itself is for a person, and its log may be on the disk that is full.
  if (!isDefect(error))
    return { code: 'internal', message: `Drover failed to do this: ${asPortError(error).message}.` };
  return {
    code: 'internal',
    message: 'Drover failed to do this: an error in Drover itself; drover.log has its stack.',
  };
}
