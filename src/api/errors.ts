/** The one table of what the API can answer instead of what was asked for. */

import { z } from 'zod';
import type { Problem } from '../settings/explain.ts';

export const ERROR_CODES = [
  'malformed',
  'notFound',
  'conflict',
  'lastServer',
  'staleVersion',
  'tooLarge',
  'invalid',
  'internal',
  'busy',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The HTTP status of each. */
export const ERROR_STATUS = {
  malformed: 400,
  notFound: 404,
  conflict: 409,
  lastServer: 409,
  staleVersion: 409,
  tooLarge: 413,
  invalid: 422,
  internal: 500,
  busy: 503,
} as const satisfies Record<ErrorCode, number>;

/** The body of every answer that is not a success. */
export const errorBodySchema = z.object({
  error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }),
});
export type ErrorBody = z.output<typeof errorBodySchema>;

/** A request that the API does not understand: a wrong type, an unknown key. */
export class MalformedRequest extends Error {
  constructor(problems: readonly Problem[]) {
    super(problems.map(inWords).join('; '));
    this.name = 'MalformedRequest';
  }
}

function inWords({ path, message }: Problem): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
