import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import type { FleetService } from '../control/service.ts';
import { fleetRoutes } from './fleet-routes.ts';
import {
  activitiesQuery,
  desiredCapacityBody,
  endingQuery,
  groupParams,
  instanceParams,
  noQuery,
  processesBody,
} from './requests.ts';
import type { ZodTypes } from './zod-types.ts';

/**
 * Every route below `/v1`. `202` answers what was begun and goes on in the background; the status and the activities show how
 * it goes.
 */
export function routes(service: FleetService): FastifyPluginCallback {
  return (plugin, _options, done) => {
    const app: FastifyInstance = plugin;
    readRoutes(app, service);
    groupRoutes(app, service);
    changeRoutes(app, service);
    fleetRoutes(app, service.configuration);
    done();
  };
}

function readRoutes(plugin: FastifyInstance, service: FleetService): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get('/status', { schema: { querystring: noQuery } }, () => service.status());

  app.get('/activities', { schema: { querystring: activitiesQuery } }, async (request) => {
    const { instance, after, ...same } = request.query;
    const activities = await service.activities({
      ...same,
      ...(instance === undefined ? {} : { instanceId: instance }),
      ...(after === undefined ? {} : { afterSequence: after }),
    });
    return { activities };
  });

  app.get('/plan', { schema: { querystring: noQuery } }, () => service.plan());

  app.get('/groups/:group/explanation', { schema: { params: groupParams, querystring: noQuery } }, (request) =>
    service.explain(request.params.group),
  );
}

function groupRoutes(plugin: FastifyInstance, service: FleetService): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.put(
    '/groups/:group/desired-capacity',
    { schema: { params: groupParams, querystring: noQuery, body: desiredCapacityBody } },
    (request) => service.setDesiredCapacity(request.params.group, request.body.desired),
  );

  app.post(
    '/groups/:group/resume',
    { schema: { params: groupParams, querystring: noQuery } },
    async (request, reply) => {
      await service.resumeLaunch(request.params.group);
      return reply.code(204).send();
    },
  );

  app.post(
    '/groups/:group/suspend-processes',
    { schema: { params: groupParams, querystring: noQuery, body: processesBody } },
    async (request) => ({
      suspendedProcesses: await service.suspendProcesses(request.params.group, request.body.processes),
    }),
  );

  app.post(
    '/groups/:group/resume-processes',
    { schema: { params: groupParams, querystring: noQuery, body: processesBody } },
    async (request) => ({
      suspendedProcesses: await service.resumeProcesses(request.params.group, request.body.processes),
    }),
  );
}

function changeRoutes(plugin: FastifyInstance, service: FleetService): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.post(
    '/instances/:id/drain',
    { schema: { params: instanceParams, querystring: endingQuery } },
    async (request, reply) => {
      const answer = await service.drainInstance(request.params.id, request.query.force === 'true');
      return reply.code(202).send(answer);
    },
  );

  app.post(
    '/instances/:id/terminate',
    { schema: { params: instanceParams, querystring: endingQuery } },
    async (request, reply) => {
      await service.terminateInstance(request.params.id, request.query.force === 'true');
      return reply.code(202).send();
    },
  );

  app.post('/down', { schema: { querystring: noQuery } }, async (_request, reply) => {
    await service.down();
    return reply.code(202).send();
  });
}
