import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ERRORS, PROBLEM_TYPE, problemBody } from './errors.ts';

/** Beyond them new ones are closed at once; a command takes one, a live view too. */
const maxConnections = 1_024;
/** Answers that were made and that their clients have not taken yet, of all clients together. */
const maxUnreadBytes = 64 * 1024 * 1024;

/** Keeps what clients that do not read can make the controller hold within bounds. */
export function boundClients(app: FastifyInstance): void {
  app.server.maxConnections = maxConnections;
  const answering = new WeakSet<Socket>();
  let unreadBytes = 0;

  // A connection has one answer to send at a time. Of one that sends many requests and reads nothing all answers would be made and kept.
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    if (answering.has(socket)) {
      socket.destroy();
      return reply.hijack();
    }
    answering.add(socket);
    reply.raw.once('close', () => answering.delete(socket));
  });

  app.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload !== 'string') return payload;
    const bytes = Buffer.byteLength(payload);
    if (unreadBytes > 0 && unreadBytes + bytes > maxUnreadBytes) {
      reply.code(ERRORS.busy.status).type(PROBLEM_TYPE);
      const message = 'Too many answers wait for clients that do not read them; ask again later.';
      return JSON.stringify(problemBody('busy', message));
    }
    unreadBytes += bytes;
    reply.raw.once('close', () => {
      unreadBytes -= bytes;
    });
    return payload;
  });
}
