import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Authenticate } from '../caller.ts';
import { operation } from '../operation.ts';
import { eventHeaders, noQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import type { ZodTypes } from '../zod-types.ts';

/** What was sent and not read yet; who has more to read is cut off, and comes again for what he lacks. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** When a browser tries again by itself. */
const RETRY_MS = 1_000;

export function eventRoutes(plugin: FastifyInstance, { events, authenticate }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/events',
    operation(
      {
        id: 'followEvents',
        tag: 'activities',
        summary: 'What changes, as a stream of server-sent events; `Last-Event-ID` goes on after an activity',
        role: 'viewer',
        scope: 'filtered',
      },
      { querystring: noQuery, headers: eventHeaders },
      { 200: z.string().describe('`text/event-stream`; the events are in docs/api.md.') },
    ),
    async (request, reply) => {
      const after = request.headers['last-event-id'] ?? null;
      const stream = open(request, reply);
      const queued: string[] = [];
      const subscriber = {
        caller: request.caller,
        isAllowed: () => isAllowed(request, authenticate),
        send: (text: string) => {
          if (stream.isOpen()) return stream.write(text);
          queued.push(text);
          return true;
        },
        end: stream.end,
      };
      stream.start(queued, await events.subscribe(subscriber, after));
    },
  );
}

/** The answer begins once it is known that there is one: until then a refusal can be. */
function open(request: FastifyRequest, reply: FastifyReply) {
  const { raw } = reply;
  let isOpen = false;
  let isGone = false;
  request.raw.socket.once('close', () => {
    isGone = true;
  });
  return {
    isOpen: () => isOpen,
    write: (text: string) => {
      if (isGone || raw.writableLength > MAX_UNREAD_BYTES) return false;
      raw.write(text);
      return true;
    },
    end: () => {
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
      else raw.end();
    },
    start: (queued: readonly string[], onClose: () => void) => {
      raw.once('close', onClose);
      if (isGone) return onClose();
      reply.hijack();
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      isOpen = true;
      raw.write(`retry: ${RETRY_MS}\n\n${queued.join('')}`);
    },
  };
}

async function isAllowed(request: FastifyRequest, authenticate: Authenticate): Promise<boolean> {
  try {
    const { name, role, groups } = await authenticate(request);
    const { caller } = request;
    return name === caller.name && role === caller.role && String(groups) === String(caller.groups);
  } catch {
    return false;
  }
}
