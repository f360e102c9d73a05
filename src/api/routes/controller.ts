import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FleetStatus } from '../../views/status.ts';
import { maySee } from '../caller.ts';
import { toCursor } from '../cursor.ts';
import { operation } from '../operation.ts';
import { noQuery, statusQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import { fleetSchema, planSchema, statusAnswerSchema } from '../schemas.ts';
import { seenGroups, seenLoadBalancers } from '../seen.ts';
import type { ZodTypes } from '../zod-types.ts';

/** The fleet as a whole, and the controller that runs it. */
export function controllerRoutes(plugin: FastifyInstance, { service }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/fleet',
    operation(
      { id: 'getFleet', tag: 'fleet', summary: 'The fleet as a whole', role: 'viewer', scope: 'filtered' },
      { querystring: noQuery },
      { 200: fleetSchema },
    ),
    () => service.fleet(),
  );

  app.get(
    '/status',
    operation(
      {
        id: 'getStatus',
        tag: 'fleet',
        summary: 'The fleet at one moment, with its first instances',
        role: 'viewer',
        scope: 'filtered',
      },
      { querystring: statusQuery },
      { 200: statusAnswerSchema },
    ),
    (request) => {
      const { items, next } = service.instances({ limit: request.query.limit, ...seenGroups(request.caller) });
      const groups = service.groups().filter(({ name }) => maySee(request.caller, name));
      const status: FleetStatus = {
        ...service.fleet(),
        loadBalancers: seenLoadBalancers(service.loadBalancers(), request.caller, service),
        groups: groups.map((group) => ({ ...group, instances: items.filter((one) => one.group === group.name) })),
      };
      return { ...status, next: next === null ? null : toCursor(next) };
    },
  );

  app.get(
    '/plan',
    operation(
      {
        id: 'getPlan',
        tag: 'fleet',
        summary: 'What the next check of each group would do, and what holds it back',
        role: 'viewer',
        scope: 'filtered',
      },
      { querystring: noQuery },
      { 200: planSchema },
    ),
    async (request) => {
      const plan = await service.plan();
      const isWhole = request.caller.groups === null;
      return {
        ...plan,
        fleetChanges: isWhole ? plan.fleetChanges : [],
        loadBalancers: isWhole ? plan.loadBalancers : [],
        groups: plan.groups.filter(({ group }) => maySee(request.caller, group)),
      };
    },
  );

  app.post(
    '/down',
    operation(
      {
        id: 'endFleet',
        tag: 'fleet',
        summary: 'Drains and terminates everything that the fleet owns, the controller last',
        role: 'admin',
        scope: 'fleet',
      },
      { querystring: noQuery },
      { 202: z.undefined() },
    ),
    async (_request, reply) => {
      await service.down();
      return reply.code(202).send();
    },
  );
}
