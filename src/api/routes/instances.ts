import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ServiceError } from '../../control/service.ts';
import { fromCursor, instancePosition, toCursor } from '../cursor.ts';
import { operation } from '../operation.ts';
import { endingQuery, instanceParams, instancesQuery, noQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import { drainAnswerSchema, instanceSchema, instancesAnswerSchema } from '../schemas.ts';
import { seenGroups } from '../seen.ts';
import type { ZodTypes } from '../zod-types.ts';

const about = { tag: 'instances', scope: 'instance' } as const;

export function instanceRoutes(plugin: FastifyInstance, { service }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/instances',
    operation(
      {
        ...about,
        id: 'listInstances',
        summary: 'The instances, by group and creation',
        role: 'viewer',
        scope: 'filtered',
        refusals: ['notFound'],
      },
      { querystring: instancesQuery },
      { 200: instancesAnswerSchema },
    ),
    (request) => {
      const { cursor, ...filter } = request.query;
      const after = cursor === undefined ? {} : { after: fromCursor(cursor, instancePosition) };
      const { items, next } = service.instances({ ...filter, ...after, ...seenGroups(request.caller) });
      return { items, next: next === null ? null : toCursor(next) };
    },
  );

  app.get(
    '/instances/:id',
    operation(
      { ...about, id: 'getInstance', summary: 'One instance', role: 'viewer', refusals: ['notFound'] },
      { params: instanceParams, querystring: noQuery },
      { 200: instanceSchema },
    ),
    ({ params: { id } }) => {
      const found = service.instance(id);
      if (found !== null) return found;
      throw new ServiceError('notFound', `There is no instance ${id} in fleet ${service.fleet().fleet}.`);
    },
  );

  app.post(
    '/instances/:id/drain',
    operation(
      {
        ...about,
        id: 'drainInstance',
        summary: 'No new requests, open ones finish, then it is terminated',
        role: 'operator',
        refusals: ['notFound', 'conflict', 'lastServer'],
      },
      { params: instanceParams, querystring: endingQuery },
      { 202: drainAnswerSchema },
    ),
    async (request, reply) => {
      const answer = await service.drainInstance(request.params.id, request.query.force === 'true');
      return reply.code(202).send(answer);
    },
  );

  app.post(
    '/instances/:id/terminate',
    operation(
      {
        ...about,
        id: 'terminateInstance',
        summary: 'It is terminated at once',
        role: 'operator',
        refusals: ['notFound', 'conflict', 'lastServer'],
      },
      { params: instanceParams, querystring: endingQuery },
      { 202: z.undefined() },
    ),
    async (request, reply) => {
      await service.terminateInstance(request.params.id, request.query.force === 'true');
      return reply.code(202).send();
    },
  );
}
