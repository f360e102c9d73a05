/** The one table of what the API can answer instead of what was asked for. */

import { z } from 'zod';
import type { Problem } from '../settings/explain.ts';

/** The HTTP status of each, and its name for a person. */
export const ERRORS = {
  malformed: { status: 400, title: 'The request is not understood' },
  unauthorized: { status: 401, title: 'Who asks is not known' },
  forbidden: { status: 403, title: 'Who asks may not do this' },
  notFound: { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'It cannot be done in its present state' },
  lastServer: { status: 409, title: 'It is the last server of a target group' },
  staleVersion: { status: 409, title: 'The change was made from a version that is not in force any more' },
  keyInUse: { status: 409, title: 'A request with this idempotency key is under way' },
  preconditionFailed: { status: 412, title: 'It is different from what If-Match says' },
  tooLarge: { status: 413, title: 'The body is too large' },
  invalid: { status: 422, title: 'The request is understood, but not possible' },
  keyReused: { status: 422, title: 'Another request had this idempotency key' },
  tooManyRequests: { status: 429, title: 'There are too many requests' },
  internal: { status: 500, title: 'Drover failed to do this' },
  busy: { status: 503, title: 'Too many answers wait for clients that do not read them' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

export const PROBLEM_TYPE = 'application/problem+json';

/** The body of every answer that is not a success: a problem as RFC 9457 has it. */
export const problemSchema = z
  .object({
    type: z.string().describe('Which kind of problem it is, as a URN; `code` says the same.'),
    title: z.string().describe('The kind in words.'),
    status: z.number().describe('The HTTP status.'),
    detail: z.string().describe('What is wrong, and what to do next, in a sentence.'),
    code: z.enum(ERROR_CODES).describe('Which kind of problem it is; stable.'),
  })
  .meta({ id: 'Problem' });
export type ProblemBody = z.output<typeof problemSchema>;

export function problemBody(code: ErrorCode, detail: string): ProblemBody {
  const { status, title } = ERRORS[code];
  return { type: `urn:drover:problem:${code}`, title, status, detail, code };
}

/** A refusal by the API itself. */
export class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** A request that the API does not understand: a wrong type, an unknown key. */
export function malformed(problems: readonly Problem[]): Refusal {
  return new Refusal('malformed', problems.map(inWords).join('; '));
}

function inWords({ path, message }: Problem): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
