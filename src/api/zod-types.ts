import type { FastifyTypeProvider } from 'fastify';
import type { z } from 'zod';

/** Gives handlers the types of their route's zod schemas. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}
