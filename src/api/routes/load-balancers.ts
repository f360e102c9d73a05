import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../../control/service.ts';
import type { Caller } from '../caller.ts';
import { pageByName } from '../cursor.ts';
import { operation } from '../operation.ts';
import { namedParams, noQuery, pageQuery } from '../requests.ts';
import type { RouteContext } from '../route-context.ts';
import { loadBalancerSchema, pageOf, providerSchema, targetGroupSchema } from '../schemas.ts';
import { seenLoadBalancers, seenTargetGroups } from '../seen.ts';
import type { ZodTypes } from '../zod-types.ts';

const about = { tag: 'load balancers', role: 'viewer', scope: 'filtered' } as const;

/** Load balancers, their target groups, and where servers come from. */
export function loadBalancerRoutes(plugin: FastifyInstance, { service }: RouteContext): void {
  const app = plugin.withTypeProvider<ZodTypes>();
  const balancersFor = (caller: Caller) => seenLoadBalancers(service.loadBalancers(), caller, service);
  const targetGroupsFor = (caller: Caller) => {
    const names = seenTargetGroups(caller, service);
    return service.targetGroups().filter(({ name }) => names === null || names.has(name));
  };

  app.get(
    '/load-balancers',
    operation(
      { ...about, id: 'listLoadBalancers', summary: 'The load balancers, by name' },
      { querystring: pageQuery },
      { 200: pageOf(loadBalancerSchema) },
    ),
    (request) => pageByName(balancersFor(request.caller), request.query),
  );

  app.get(
    '/load-balancers/:name',
    operation(
      { ...about, id: 'getLoadBalancer', summary: 'One load balancer', refusals: ['notFound'] },
      { params: namedParams, querystring: noQuery },
      { 200: loadBalancerSchema },
    ),
    (request) => named('load balancer', balancersFor(request.caller), request.params.name),
  );

  app.get(
    '/target-groups',
    operation(
      { ...about, id: 'listTargetGroups', summary: 'The target groups, by name' },
      { querystring: pageQuery },
      { 200: pageOf(targetGroupSchema) },
    ),
    (request) => pageByName(targetGroupsFor(request.caller), request.query),
  );

  app.get(
    '/target-groups/:name',
    operation(
      { ...about, id: 'getTargetGroup', summary: 'One target group', refusals: ['notFound'] },
      { params: namedParams, querystring: noQuery },
      { 200: targetGroupSchema },
    ),
    (request) => named('target group', targetGroupsFor(request.caller), request.params.name),
  );

  app.get(
    '/providers',
    operation(
      { ...about, tag: 'providers', id: 'listProviders', summary: 'Where servers come from, with the zones, by name' },
      { querystring: pageQuery },
      { 200: pageOf(providerSchema) },
    ),
    (request) => pageByName(service.providers(), request.query),
  );

  app.get(
    '/providers/:name',
    operation(
      { ...about, tag: 'providers', id: 'getProvider', summary: 'One provider', refusals: ['notFound'] },
      { params: namedParams, querystring: noQuery },
      { 200: providerSchema },
    ),
    (request) => named('provider', service.providers(), request.params.name),
  );
}

/** @throws ServiceError `notFound` */
function named<Item extends { readonly name: string }>(what: string, all: readonly Item[], name: string): Item {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name).join(', ') || 'none';
  throw new ServiceError('notFound', `There is no ${what} ${name}; there is: ${names}.`);
}
