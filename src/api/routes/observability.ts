import type { FastifyInstance } from 'fastify';
import type { Telemetry } from '../../ports/telemetry.ts';
import { noQuery } from '../requests.ts';
import type { ZodTypes } from '../zod-types.ts';

/** What monitoring asks of a controller. */
export interface Observability {
  /** All metrics, in the format of Prometheus. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What is wrong, in sentences. */
  health(): {
    /** A restart would help. */
    readonly stuck: readonly string[];
    /** Waited for before the controller can do its work. */
    readonly waitsFor: readonly string[];
  };
  readonly telemetry: Telemetry;
}

/** Answered at once, also while a controller is being started: what they ask is how far it is. */
export const ANSWERED_WHILE_STARTING: readonly (string | undefined)[] = ['/healthz', '/readyz', '/metrics'];

/** Of a request that no route takes: what it asked for is the client's to choose, and so no label. */
const NO_ROUTE = 'none';

/** `/metrics`, `/healthz` and `/readyz`; and every answer of the API counted, by its route's pattern. */
export function observabilityRoutes(plugin: FastifyInstance, { exposition, health, telemetry }: Observability): void {
  const app = plugin.withTypeProvider<ZodTypes>();

  app.addHook('onResponse', async ({ method, routeOptions: { url } }, { statusCode, elapsedTime }) => {
    const route = url ?? NO_ROUTE;
    telemetry.count({ kind: 'apiRequest', method, route, status: statusCode, durationMs: elapsedTime });
  });

  app.get(
    '/metrics',
    { config: { role: 'viewer', scope: 'fleet' }, schema: { hide: true } },
    async (_request, reply) => {
      const { contentType, text } = await exposition();
      return reply.type(contentType).send(text);
    },
  );

  app.get('/healthz', { schema: { hide: true, querystring: noQuery } }, (_request, reply) => {
    const { stuck } = health();
    return reply.code(stuck.length === 0 ? 200 : 503).send({ status: stuck.length === 0 ? 'alive' : 'stuck', stuck });
  });

  app.get('/readyz', { schema: { hide: true, querystring: noQuery } }, (_request, reply) => {
    const { stuck, waitsFor } = health();
    const notReady = [...stuck, ...waitsFor];
    const isReady = notReady.length === 0;
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'notReady', waitsFor: notReady });
  });
}
