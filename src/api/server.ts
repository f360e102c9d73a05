import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { z } from 'zod';
import { type FleetService, ServiceError } from '../control/service.ts';
import { asPortError, isDefect } from '../ports/errors.ts';
import { parseExplained } from '../settings/explain.ts';
import { boundClients } from './bounds.ts';
import { ERROR_STATUS, type ErrorBody, type ErrorCode, MalformedRequest } from './errors.ts';
import { type Observability, observabilityRoutes } from './routes/observability.ts';
import { routes } from './routes.ts';

const bodyLimitBytes = 64 * 1024;
const requestTimeoutMs = 10_000;
/** Of a connection on which nothing moves: its client neither asks nor reads. */
const idleTimeoutMs = 30_000;

export interface ApiOptions {
  /** Called with every error behind a 500: the answer itself says no more than the cause, where it is known. */
  readonly onInternalError?: (error: unknown) => void;
  /** What is answered to monitoring; without it, nothing. */
  readonly observability?: Observability;
}

/** The local API over a running controller, apart from listening: tests use `inject()`. */
export function buildApi(service: FleetService, options: ApiOptions = {}): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    http: { requireHostHeader: false },
    forceCloseConnections: true,
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, _request, reply) => {
      const answer = errorAnswer(error);
      const body: ErrorBody = { error: answer };
      void (reply as FastifyReply).code(ERROR_STATUS[answer.code]).send(body);
    },
  });

  app.setValidatorCompiler(({ schema }) => (data) => {
    if (!(schema instanceof z.ZodType)) throw new Error('Routes are described by zod schemas.');
    const result = parseExplained(schema, data);
    return 'value' in result ? result : { error: new MalformedRequest(result.problems) };
  });

  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const answer = errorAnswer(error, request.routeOptions.bodyLimit);
    if (answer.code === 'internal') options.onInternalError?.(error);
    return reply.code(ERROR_STATUS[answer.code]).send({ error: answer } satisfies ErrorBody);
  });

  app.setNotFoundHandler((request, reply) => {
    const message = `There is nothing at ${request.method} ${request.url.split('?', 1)[0]}.`;
    return reply.code(ERROR_STATUS.notFound).send({ error: { code: 'notFound', message } } satisfies ErrorBody);
  });

  app.server.on('checkExpectation', refuseExpectation);
  boundClients(app);

  if (options.observability !== undefined) observabilityRoutes(app, options.observability);
  app.register(routes(service), { prefix: '/v1' });
  return app;
}

/** What Node cannot read as HTTP is answered like everything else that is wrong. */
function refuseUnreadable(_error: Error, socket: Socket): void {
  const body = JSON.stringify({
    error: { code: 'malformed', message: 'This is not a request that can be read.' },
  } satisfies ErrorBody);
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  if (socket.writable) socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
  else socket.destroy();
}

/** Only `100-continue` can be expected; Node would refuse the rest without a body. */
function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const error = {
    code: 'malformed',
    message: 'The header Expect asks for what is not known here; leave it out.',
  } as const;
  const body = JSON.stringify({ error } satisfies ErrorBody);
  response.writeHead(417, { 'content-type': 'application/json', 'content-length': body.length, connection: 'close' });
  response.end(body);
}

function errorAnswer(error: FastifyError | Error, limitBytes = bodyLimitBytes): { code: ErrorCode; message: string } {
  if (error instanceof ServiceError) return { code: error.code, message: error.message };
  if (error instanceof MalformedRequest) return { code: 'malformed', message: error.message };
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === ERROR_STATUS.tooLarge) {
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
