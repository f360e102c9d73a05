import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from './errors.ts';

/** What one may do, each with what those before it may: see everything; act on groups and instances; change the fleet and who may ask. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. */
export interface Caller {
  /** As activities and the audit trail name him. */
  readonly name: string;
  readonly role: Role;
  /** The groups that he may see and act on; null for all. */
  readonly groups: readonly string[] | null;
}

/**
 * What an operation is about, and so who may ask for it if he may see some groups only: nobody of them (`fleet`); who may see the group, or the
 * instance's group, in the path; everybody, because the answer leaves out the rest (`filtered`).
 */
export type Scope = 'fleet' | 'group' | 'instance' | 'filtered';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    role?: Role;
    scope?: Scope;
  }
}

/** Says who asks. @throws Refusal `unauthorized` */
export type Authenticate = (request: FastifyRequest) => Caller | Promise<Caller>;

const NOBODY: Caller = { name: '', role: 'viewer', groups: [] };

/** Lets only those in who may ask for what they ask for. A route that says no role is open to all. */
export function authorize(
  app: FastifyInstance,
  authenticate: Authenticate,
  groupOf: (instanceId: string) => string | null,
): void {
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    request.caller = NOBODY;
    const { role } = request.routeOptions.config;
    if (role === undefined) return;
    request.caller = await authenticate(request);
    if (ROLES.indexOf(request.caller.role) >= ROLES.indexOf(role)) return;
    throw new Refusal('forbidden', `This needs the role ${role}; ${request.caller.name} is ${request.caller.role}.`);
  });
  app.addHook('preHandler', async ({ caller, params, routeOptions: { config } }) => {
    if (config.role === undefined || caller.groups === null || config.scope === 'filtered') return;
    const group = groupAskedFor(config.scope, params, groupOf);
    if (group !== null && caller.groups.includes(group)) return;
    const which = caller.groups.join(', ');
    throw new Refusal('forbidden', `${caller.name} may ask only about the groups ${which}.`);
  });
}

function groupAskedFor(
  scope: Scope | undefined,
  params: unknown,
  groupOf: (instanceId: string) => string | null,
): string | null {
  const named = (key: string): string => {
    const value: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  switch (scope) {
    case 'group':
      return named('group');
    case 'instance':
      return groupOf(named('id'));
    case 'fleet':
    case 'filtered':
    case undefined:
      return null;
  }
}

export function maySee({ groups }: Caller, group: string | null): boolean {
  return groups === null || (group !== null && groups.includes(group));
}

const MAX_NAME_CHARACTERS = 100;

/** Whoever can open the socket is its owner, and is trusted to be whom he says. */
export const ownerOfSocket: Authenticate = ({ headers }) => {
  const name = (headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '').trim();
  return {
    name: name === '' ? 'a caller of the API' : name.slice(0, MAX_NAME_CHARACTERS),
    role: 'admin',
    groups: null,
  };
};
