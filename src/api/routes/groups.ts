import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type FleetService, ServiceError } from '../../control/service.ts';
import type { GroupSummary } from '../../views/status.ts';
import { maySee } from '../caller.ts';
import { pageByName } from '../cursor.ts';
import { operation } from '../operation.ts';
import {
  checkBuckets,
  desiredCapacityBody,
  groupParams,
  historyQuery,
  ifMatchHeaders,
  noQuery,
  pageQuery,
  processesBody,
} from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import {
  desiredCapacityAnswerSchema,
  desiredCapacitySchema,
  explanationSchema,
  groupSchema,
  historySchema,
  pageOf,
  processesAnswerSchema,
} from '../schemas.ts';
import type { ZodTypes } from '../zod-types.ts';

const about = { tag: 'groups', scope: 'group' } as const;

/** Auto scaling groups. */
export function groupRoutes(plugin: FastifyInstance, context: RouteContext): void {
  readRoutes(plugin, context);
  desiredCapacityRoutes(plugin, context);
  processRoutes(plugin, context);
}

function readRoutes(plugin: FastifyInstance, { service, clock }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/groups',
    operation(
      { ...about, id: 'listGroups', summary: 'The groups, by name', role: 'viewer', scope: 'filtered' },
      { querystring: pageQuery },
      { 200: pageOf(groupSchema) },
    ),
    (request) =>
      pageByName(
        service.groups().filter(({ name }) => maySee(request.caller, name)),
        request.query,
      ),
  );

  app.get(
    '/groups/:group',
    operation(
      { ...about, id: 'getGroup', summary: 'One group', role: 'viewer', refusals: ['notFound'] },
      { params: groupParams, querystring: noQuery },
      { 200: groupSchema },
    ),
    (request) => groupNamed(service, request.params.group),
  );

  app.get(
    '/groups/:group/explanation',
    operation(
      {
        ...about,
        id: 'explainGroup',
        summary: 'Why the group has its size, and why nothing else happens',
        role: 'viewer',
        refusals: ['notFound', 'conflict'],
      },
      { params: groupParams, querystring: noQuery },
      { 200: explanationSchema },
    ),
    (request) => service.explain(request.params.group),
  );

  app.get(
    '/groups/:group/history',
    operation(
      {
        ...about,
        id: 'getGroupHistory',
        summary: 'What its size, its metrics and its traffic were like',
        role: 'viewer',
        refusals: ['notFound', 'conflict', 'invalid'],
      },
      { params: groupParams, querystring: historyQuery },
      { 200: historySchema },
    ),
    async (request) => {
      const { since, bucket: bucketMs } = request.query;
      checkBuckets(since, bucketMs, clock.now());
      return { bucketMs, ...(await service.history(request.params.group, { since, bucketMs })) };
    },
  );
}

function desiredCapacityRoutes(plugin: FastifyInstance, { service, changes }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();
  const shown = (group: string) => {
    const { desired, minSize, maxSize } = groupNamed(service, group);
    return { desired, minSize, maxSize };
  };

  app.get(
    '/groups/:group/desired-capacity',
    operation(
      { ...about, id: 'getDesiredCapacity', summary: 'Its desired size', role: 'viewer', refusals: ['notFound'] },
      { params: groupParams, querystring: noQuery },
      { 200: desiredCapacitySchema },
    ),
    (request) => shown(request.params.group),
  );

  app.put(
    '/groups/:group/desired-capacity',
    operation(
      {
        ...about,
        id: 'setDesiredCapacity',
        summary: 'Sets its desired size',
        role: 'operator',
        refusals: ['notFound', 'conflict', 'preconditionFailed', 'tooLarge', 'invalid'],
      },
      { params: groupParams, querystring: noQuery, body: desiredCapacityBody, headers: ifMatchHeaders },
      { 200: desiredCapacityAnswerSchema },
    ),
    ({ params: { group }, body, headers }) =>
      changes.make(
        headers['if-match'],
        () => shown(group),
        () => service.setDesiredCapacity(group, body.desired),
      ),
  );
}

function processRoutes(plugin: FastifyInstance, { service, changes }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();
  const shown = (group: string) => ({ suspendedProcesses: groupNamed(service, group).suspendedProcesses });
  const refusals = ['notFound', 'conflict', 'preconditionFailed', 'tooLarge'] as const;
  const asked = { params: groupParams, querystring: noQuery, body: processesBody, headers: ifMatchHeaders };

  app.get(
    '/groups/:group/suspended-processes',
    operation(
      {
        ...about,
        id: 'getSuspendedProcesses',
        summary: 'What a person has switched off',
        role: 'viewer',
        refusals: ['notFound'],
      },
      { params: groupParams, querystring: noQuery },
      { 200: processesAnswerSchema },
    ),
    (request) => shown(request.params.group),
  );

  app.post(
    '/groups/:group/suspend-processes',
    operation(
      { ...about, id: 'suspendProcesses', summary: 'Switches parts of its work off', role: 'operator', refusals },
      asked,
      { 200: processesAnswerSchema },
    ),
    ({ params: { group }, body, headers }) =>
      changes.make(
        headers['if-match'],
        () => shown(group),
        async () => ({ suspendedProcesses: await service.suspendProcesses(group, body.processes) }),
      ),
  );

  app.post(
    '/groups/:group/resume-processes',
    operation(
      { ...about, id: 'resumeProcesses', summary: 'Switches them on again', role: 'operator', refusals },
      asked,
      { 200: processesAnswerSchema },
    ),
    ({ params: { group }, body, headers }) =>
      changes.make(
        headers['if-match'],
        () => shown(group),
        async () => ({ suspendedProcesses: await service.resumeProcesses(group, body.processes) }),
      ),
  );

  app.post(
    '/groups/:group/resume',
    operation(
      {
        ...about,
        id: 'resumeLaunch',
        summary: 'Launching starts anew: it waits for no failures of before',
        role: 'operator',
        refusals: ['notFound', 'conflict'],
      },
      { params: groupParams, querystring: noQuery },
      { 204: z.undefined() },
    ),
    async (request, reply) => {
      await service.resumeLaunch(request.params.group);
      return reply.code(204).send();
    },
  );
}

/** @throws ServiceError `notFound` */
function groupNamed(service: FleetService, name: string): GroupSummary {
  const groups = service.groups();
  const found = groups.find((group) => group.name === name);
  if (found !== undefined) return found;
  const names = groups.map((group) => group.name).join(', ');
  throw new ServiceError('notFound', `There is no group ${name} in fleet ${service.fleet().fleet}; it has: ${names}.`);
}
