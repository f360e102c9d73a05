import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FleetConfiguration } from '../control/fleet-configuration.ts';
import { applyBody, comparisonQuery, noQuery, planBody, rollbackBody, versionParams } from './requests.ts';
import type { ZodTypes } from './zod-types.ts';

/** A fleet's document as JSON: a fleet file of the largest size, with room for its aliases. */
const documentLimitBytes = 512 * 1024;
const MAX_CALLER_CHARACTERS = 100;

/** The desired fleet, its versions, and what changes it. */
export function fleetRoutes(plugin: FastifyInstance, configuration: FleetConfiguration): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get('/fleet/versions', { schema: { querystring: noQuery } }, () => configuration.versions());

  app.get('/fleet/versions/:number', { schema: { params: versionParams, querystring: noQuery } }, (request) =>
    configuration.version(request.params.number),
  );

  app.get(
    '/fleet/versions/:number/changes',
    { schema: { params: versionParams, querystring: comparisonQuery } },
    async (request) => ({ changes: await configuration.compare(request.query.from, request.params.number) }),
  );

  app.get('/fleet/changes', { schema: { querystring: noQuery } }, async () => ({
    changes: await configuration.fileChanges(),
  }));

  app.post('/fleet/reload', { schema: { querystring: noQuery } }, () => configuration.reload());

  app.post(
    '/fleet/plan',
    { bodyLimit: documentLimitBytes, schema: { querystring: noQuery, body: planBody } },
    (request) => configuration.plan(request.body.document),
  );

  app.put('/fleet', { bodyLimit: documentLimitBytes, schema: { querystring: noQuery, body: applyBody } }, (request) =>
    configuration.apply(request.body.document, { caller: callerOf(request), madeFrom: request.body.madeFrom }),
  );

  app.post('/fleet/rollback', { schema: { querystring: noQuery, body: rollbackBody } }, (request) =>
    configuration.rollback(request.body.to, { caller: callerOf(request), madeFrom: request.body.madeFrom }),
  );
}

/** As it names itself: whoever can open the socket is trusted to be whom he says. */
function callerOf({ headers }: FastifyRequest): string {
  const name = (headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '').trim();
  return name === '' ? 'a caller of the API' : name.slice(0, MAX_CALLER_CHARACTERS);
}
