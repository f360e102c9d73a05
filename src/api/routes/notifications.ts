import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { pageByName } from '../cursor.ts';
import { operation } from '../operation.ts';
import { namedParams, noQuery, pageQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import { notificationsAnswerSchema } from '../schemas.ts';
import type { ZodTypes } from '../zod-types.ts';

const about = { tag: 'fleet', scope: 'fleet' } as const;

/** Destinations of notifications. */
export function notificationRoutes(plugin: FastifyInstance, { service }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/notifications',
    operation(
      {
        ...about,
        id: 'listNotifications',
        summary: 'The destinations of notifications, by name: the last delivery, the error and what waits of each',
        role: 'viewer',
      },
      { querystring: pageQuery },
      { 200: notificationsAnswerSchema },
    ),
    (request) => pageByName(service.notifications.list(), request.query),
  );

  app.post(
    '/notifications/:name/test',
    operation(
      {
        ...about,
        id: 'testNotification',
        summary: 'Sends a test message, and answers when the receiver has taken it',
        role: 'admin',
        refusals: ['notFound', 'conflict'],
      },
      { params: namedParams, querystring: noQuery },
      { 204: z.undefined() },
    ),
    async (request, reply) => {
      await service.notifications.test(request.params.name);
      return reply.code(204).send();
    },
  );
}
