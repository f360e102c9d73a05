import type { FastifyInstance } from 'fastify';
import type { FleetConfiguration } from '../../control/fleet-configuration.ts';
import { operation } from '../operation.ts';
import { applyBody, comparisonQuery, noQuery, planBody, rollbackBody, versionParams } from '../requests.ts';
import {
  appliedFleetSchema,
  fleetChangesAnswerSchema,
  fleetVersionsSchema,
  plannedFleetSchema,
  shownFleetVersionSchema,
} from '../schemas.ts';
import type { ZodTypes } from '../zod-types.ts';

/** A fleet's document as JSON: a fleet file of the largest size, with room for its aliases. */
const documentLimitBytes = 512 * 1024;

const about = { tag: 'fleet', scope: 'fleet' } as const;

/** The desired fleet, its versions, and what changes it. */
export function fleetRoutes(plugin: FastifyInstance, configuration: FleetConfiguration): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.get(
    '/fleet/versions',
    operation(
      { ...about, id: 'listFleetVersions', summary: 'The versions that are kept, the newest first', role: 'viewer' },
      { querystring: noQuery },
      { 200: fleetVersionsSchema },
    ),
    () => configuration.versions(),
  );

  app.get(
    '/fleet/versions/:number',
    operation(
      {
        ...about,
        id: 'getFleetVersion',
        summary: 'One version with its document, without what may be secret',
        role: 'viewer',
        refusals: ['notFound'],
      },
      { params: versionParams, querystring: noQuery },
      { 200: shownFleetVersionSchema },
    ),
    (request) => configuration.version(request.params.number),
  );

  app.get(
    '/fleet/versions/:number/changes',
    operation(
      {
        ...about,
        id: 'compareFleetVersions',
        summary: 'What differs from version `from` to this one',
        role: 'viewer',
        refusals: ['notFound', 'invalid'],
      },
      { params: versionParams, querystring: comparisonQuery },
      { 200: fleetChangesAnswerSchema },
    ),
    async (request) => ({ changes: await configuration.compare(request.query.from, request.params.number) }),
  );

  app.get(
    '/fleet/changes',
    operation(
      {
        ...about,
        id: 'getFleetFileChanges',
        summary: 'What the fleet file on disk would change',
        role: 'viewer',
        refusals: ['conflict', 'invalid'],
      },
      { querystring: noQuery },
      { 200: fleetChangesAnswerSchema },
    ),
    async () => ({ changes: await configuration.fileChanges() }),
  );

  app.post(
    '/fleet/reload',
    operation(
      {
        ...about,
        id: 'reloadFleetFile',
        summary: 'Applies the fleet file',
        role: 'admin',
        refusals: ['conflict', 'invalid'],
      },
      { querystring: noQuery },
      { 200: appliedFleetSchema },
    ),
    () => configuration.reload(),
  );

  app.post(
    '/fleet/plan',
    {
      bodyLimit: documentLimitBytes,
      ...operation(
        {
          ...about,
          id: 'planFleet',
          summary: 'What applying a document would change',
          role: 'admin',
          refusals: ['conflict', 'tooLarge', 'invalid'],
        },
        { querystring: noQuery, body: planBody },
        { 200: plannedFleetSchema },
      ),
    },
    (request) => configuration.plan(request.body.document),
  );

  app.put(
    '/fleet',
    {
      bodyLimit: documentLimitBytes,
      ...operation(
        {
          ...about,
          id: 'applyFleet',
          summary: 'The document is the next version',
          role: 'admin',
          refusals: ['conflict', 'staleVersion', 'tooLarge', 'invalid'],
        },
        { querystring: noQuery, body: applyBody },
        { 200: appliedFleetSchema },
      ),
    },
    (request) =>
      configuration.apply(request.body.document, { caller: request.caller.name, madeFrom: request.body.madeFrom }),
  );

  app.post(
    '/fleet/rollback',
    operation(
      {
        ...about,
        id: 'rollBackFleet',
        summary: 'An earlier version is the next one, too',
        role: 'admin',
        refusals: ['notFound', 'conflict', 'staleVersion', 'tooLarge', 'invalid'],
      },
      { querystring: noQuery, body: rollbackBody },
      { 200: appliedFleetSchema },
    ),
    (request) =>
      configuration.rollback(request.body.to, { caller: request.caller.name, madeFrom: request.body.madeFrom }),
  );
}
