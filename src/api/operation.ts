import type { z } from 'zod';
import type { Role, Scope } from './caller.ts';
import { ERRORS, type ErrorCode, PROBLEM_TYPE, problemSchema } from './errors.ts';

/** What people are told of an operation, and who may ask for it. */
export interface OperationAbout {
  /** Stable: clients that are generated name their functions after it. */
  readonly id: string;
  readonly tag:
    | 'fleet'
    | 'groups'
    | 'instances'
    | 'load balancers'
    | 'providers'
    | 'activities'
    | 'access'
    | 'controller';
  readonly summary: string;
  readonly role: Role;
  readonly scope: Scope;
  /** What it may be refused with, beside what every operation may be refused with. */
  readonly refusals?: readonly ErrorCode[];
}

interface Asked {
  readonly params?: z.ZodType;
  readonly querystring?: z.ZodType;
  readonly body?: z.ZodType;
  readonly headers?: z.ZodType;
}

type Answers = Readonly<Partial<Record<200 | 201 | 202 | 204, z.ZodType>>>;

/** What every operation may be refused with. */
const COMMON_REFUSALS = ['malformed', 'unauthorized', 'forbidden', 'tooManyRequests', 'internal', 'busy'] as const;

/**
 * The options of a route: its schemas validate requests and answers, and the OpenAPI document is made of the same.
 */
export function operation<const Schema extends Asked>(about: OperationAbout, asked: Schema, answers: Answers) {
  const { id, tag, summary, role, scope, refusals = [] } = about;
  return {
    config: { role, scope },
    schema: {
      ...asked,
      operationId: id,
      tags: [tag],
      summary,
      description: `Needs the role ${role}.`,
      response: { ...answers, ...problems([...COMMON_REFUSALS, ...refusals]) },
    },
  };
}

function problems(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(ERRORS[code].status, [...(byStatus.get(ERRORS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      status,
      {
        description: all.map((code) => `\`${code}\``).join(', '),
        content: { [PROBLEM_TYPE]: { schema: problemSchema } },
      },
    ]),
  );
}
