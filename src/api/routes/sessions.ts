import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ROLES } from '../caller.ts';
import { operation } from '../operation.ts';
import { logInBody, noQuery, sessionCodeBody } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import { sessionCodeSchema, sessionSchema } from '../schemas.ts';
import type { Sessions } from '../sessions.ts';
import type { ZodTypes } from '../zod-types.ts';

const about = { tag: 'access' } as const;

/** Who looks at the dashboard. */
export function sessionRoutes(plugin: FastifyInstance, { link }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.post(
    '/session-codes',
    operation(
      {
        ...about,
        id: 'createSessionCode',
        summary: 'A code that logs in to the dashboard, once, within 5 minutes',
        role: 'admin',
        scope: 'fleet',
        refusals: ['conflict'],
      },
      { querystring: noQuery, body: sessionCodeBody },
      { 200: sessionCodeSchema },
    ),
    (request) => ({ url: link({ name: request.caller.name, role: request.body.role, groups: null }) }),
  );
}

/** What a browser asks for, over TCP alone. */
export function logInRoutes(plugin: FastifyInstance, sessions: Sessions): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/v1/session',
    { config: { role: ROLES[0], scope: 'filtered' }, schema: { hide: true, response: { 200: sessionSchema } } },
    (request) => {
      const { caller, csrfToken } = sessions.of(request.headers.cookie, request.socket.localPort);
      return { name: caller.name, role: caller.role, csrfToken };
    },
  );

  // Open to all: whoever has a code may log in with it.
  app.post(
    '/v1/session',
    { schema: { hide: true, body: logInBody, response: { 204: z.undefined() } } },
    (request, reply) =>
      reply.header('set-cookie', sessions.logIn(request.body.code, request.socket.localPort)).code(204).send(),
  );

  app.delete(
    '/v1/session',
    { config: { role: ROLES[0], scope: 'filtered' }, schema: { hide: true, response: { 204: z.undefined() } } },
    (request, reply) =>
      reply.header('set-cookie', sessions.logOut(request.headers.cookie, request.socket.localPort)).code(204).send(),
  );
}
