import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** Describes the routes that are registered behind it, as OpenAPI 3.1, and answers with that. */
export function describe(app: FastifyInstance, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Drover',
        version,
        description:
          'Target groups, load balancers and auto scaling groups on HAProxy. Times are milliseconds since 1970-01-01T00:00:00Z.',
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'Not needed on the unix socket.' },
        },
      },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  app.get(
    '/v1/openapi.json',
    {
      config: { role: 'viewer', scope: 'filtered' },
      schema: { hide: true, response: { 200: z.looseObject({}) } },
    },
    () => app.swagger(),
  );
}
