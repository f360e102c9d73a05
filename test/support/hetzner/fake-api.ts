import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { LOCATIONS, SERVER_TYPES } from './catalog.ts';
import { wrongAnswer, wrongRequest } from './description.ts';
import { selects } from './label-selector.ts';
import { type Machines, type Order, Project } from './project.ts';
import { Refusal } from './refusal.ts';
import { RequestRate } from './request-rate.ts';

export const TOKEN = 'a'.repeat(64);
export const READ_ONLY_TOKEN = 'b'.repeat(64);

const MAX_PER_PAGE = 50;
const DEFAULT_PER_PAGE = 25;

export interface Call {
  readonly method: string;
  /** As the description has it. */
  readonly route: string;
  readonly status: number;
}

/** What happens to a call instead of its answer. */
export type Fault =
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string; readonly retryAfterS?: number }
  /** The call has its effect, and its answer is lost. */
  | { readonly kind: 'loseAnswer' }
  /** Something on the way answers with a page of its own. */
  | { readonly kind: 'garble' };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Handler = (call: { readonly query: URLSearchParams; readonly id: number; readonly body: unknown }) => Answer;

/** The API of one project, as far as it is described, on a port of 127.0.0.1. */
export class FakeHetzner {
  readonly project: Project;
  readonly rate = new RequestRate();
  readonly calls: Call[] = [];
  /** Answers that the API's description does not allow; a test asserts that there are none. */
  readonly violations: string[] = [];
  /** Told of each call before its answer leaves. */
  onCall: (call: Call) => void = () => undefined;
  readonly #faults: { readonly route: string; readonly fault: Fault; times: number }[] = [];
  readonly #routes: ReadonlyMap<string, Handler>;
  readonly #http = createServer((request, response) => void this.#handle(request, response));

  private constructor(machines: Machines | undefined) {
    this.project = new Project(machines);
    this.#routes = new Map(Object.entries(this.#handlers()));
  }

  static async start(machines?: Machines): Promise<FakeHetzner> {
    const fake = new FakeHetzner(machines);
    await new Promise<void>((resolve) => void fake.#http.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/v1`;
  }

  /** The next calls of a route (`POST /servers`) go wrong. */
  fail(route: string, fault: Fault, times = 1): void {
    this.#faults.push({ route, fault, times });
  }

  async close(): Promise<void> {
    this.project.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
    const path = pathname.replace(/^\/v1/, '');
    const route = path.replace(/\/\d+(?=\/|$)/, '/{id}');
    const id = Number(/\/(\d+)(?:\/|$)/.exec(path)?.[1] ?? 0);
    const body = withNames(JSON.parse((await text(request)) || 'null'));
    const fault = this.#takeFault(`${method} ${route}`);
    const { status, body: content } = this.#answer(
      { method, route, fault, token: request.headers.authorization },
      { query: searchParams, id, body },
    );
    const call = { method, route, status };
    this.calls.push(call);
    this.onCall(call);
    if (fault?.kind === 'loseAnswer') return void request.socket.destroy();
    if (fault?.kind === 'garble')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    const wrong = wrongAnswer(method, route, status, content);
    if (wrong !== null && this.#routes.has(`${method} ${route}`)) this.violations.push(wrong);
    const retryAfter: Record<string, string> =
      fault?.kind === 'refuse' && fault.retryAfterS !== undefined ? { 'retry-after': String(fault.retryAfterS) } : {};
    const type: Record<string, string> = content === null ? {} : { 'content-type': 'application/json' };
    response.writeHead(status, { ...type, ...this.rate.headers(), ...retryAfter });
    response.end(content === null ? '' : JSON.stringify(content));
  }

  #answer(
    { method, route, fault, token }: { method: string; route: string; fault: Fault | null; token: string | undefined },
    call: Parameters<Handler>[0],
  ): Answer {
    try {
      const isReadOnly = token === `Bearer ${READ_ONLY_TOKEN}`;
      if (token !== `Bearer ${TOKEN}` && !isReadOnly) throw new Refusal(401, 'unauthorized', 'unable to authenticate');
      if (!this.rate.take()) throw new Refusal(429, 'rate_limit_exceeded', 'limit of requests per hour reached');
      if (isReadOnly && method !== 'GET')
        throw new Refusal(403, 'token_readonly', 'token is only allowed to perform GET requests');
      const handler = this.#routes.get(`${method} ${route}`);
      if (handler === undefined) throw new Refusal(404, 'not_found', 'page not found');
      if (fault?.kind === 'refuse') throw new Refusal(fault.status, fault.code, 'as the test wants it');
      const wrong = wrongRequest(method, route, call.body);
      if (wrong !== null) throw new Refusal(422, 'invalid_input', wrong);
      return handler(call);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code, message } = error;
      return { status, body: { error: { code, message, details: null } } };
    }
  }

  #takeFault(route: string): Fault | null {
    const planned = this.#faults.find((one) => one.route === route && one.times > 0);
    if (planned === undefined) return null;
    planned.times -= 1;
    return planned.fault;
  }

  #handlers(): Record<string, Handler> {
    const { project } = this;
    const ok = (body: unknown, status = 200): Answer => ({ status, body });
    return {
      'GET /locations': ({ query }) => page('locations', LOCATIONS, query),
      'GET /server_types': ({ query }) => page('server_types', SERVER_TYPES, query),
      'GET /server_types/{id}': ({ id }) => ok({ server_type: byId(SERVER_TYPES, id) }),
      'GET /images': ({ query }) => page('images', project.images, query),
      'GET /images/{id}': ({ id }) => ok({ image: byId(project.images, id) }),
      'GET /networks': ({ query }) => page('networks', project.networks, query),
      'GET /firewalls': ({ query }) => page('firewalls', project.firewalls, query),
      'GET /ssh_keys': ({ query }) => page('ssh_keys', project.sshKeys, query),
      'GET /placement_groups': ({ query }) => page('placement_groups', project.placementGroups, query),
      'POST /placement_groups': ({ body }) => {
        const { name, labels = {} } = body as { name: string; labels?: Record<string, string> };
        return ok({ placement_group: project.createPlacementGroup(name, labels), action: null }, 201);
      },
      'GET /placement_groups/{id}': ({ id }) => ok({ placement_group: byId(project.placementGroups, id) }),
      'DELETE /placement_groups/{id}': ({ id }) => {
        project.deletePlacementGroup(id);
        return ok(null, 204);
      },
      'GET /servers': ({ query }) => page('servers', project.listedServers(), query),
      'POST /servers': ({ body }) => ok(project.create(body as Order), 201),
      'GET /servers/{id}': ({ id }) => ok({ server: project.server(id) }),
      'DELETE /servers/{id}': ({ id }) => ok({ action: project.delete(id) }),
      'POST /servers/{id}/actions/poweroff': ({ id }) => ok({ action: project.powerOff(id) }, 201),
      'GET /servers/{id}/actions': ({ id, query }) =>
        page(
          'actions',
          project.actions.filter(({ resources }) => resources.some((one) => one.id === id)),
          query,
        ),
      'GET /actions': ({ query }) =>
        page(
          'actions',
          project.actions.filter(({ id }) => query.getAll('id').includes(String(id))),
          query,
        ),
      'GET /actions/{id}': ({ id }) => ok({ action: byId(project.actions, id) }),
    };
  }
}

/** The API takes ids as numbers, too, where its description has names, and clients send them. */
function withNames(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('server_type' in body)) return body;
  const order = body as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'number' ? String(value) : value);
  const named = Object.entries(order).map(([key, value]) => {
    if (['image', 'server_type', 'location'].includes(key)) return [key, text(value)];
    return [key, key === 'ssh_keys' && Array.isArray(value) ? value.map(text) : value];
  });
  return Object.fromEntries(named);
}

function byId<T extends { readonly id: number }>(all: readonly T[], id: number): T {
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new Refusal(404, 'not_found', `resource with ID '${id}' not found`);
  return found;
}

/** One page of what fits the query, in its order. */
function page(key: string, all: readonly { readonly id: number }[], query: URLSearchParams): Answer {
  const number = Number(query.get('page') ?? 1);
  const perPage = Math.min(MAX_PER_PAGE, Number(query.get('per_page') ?? DEFAULT_PER_PAGE));
  const fitting = sorted(
    all.filter((one) => fits(one as Item, query)),
    query.get('sort') ?? 'id:asc',
  );
  const last = Math.max(1, Math.ceil(fitting.length / perPage));
  const pagination = {
    page: number,
    per_page: perPage,
    previous_page: number > 1 ? number - 1 : null,
    next_page: number < last ? number + 1 : null,
    last_page: last,
    total_entries: fitting.length,
  };
  return {
    status: 200,
    body: { [key]: fitting.slice((number - 1) * perPage, number * perPage), meta: { pagination } },
  };
}

interface Item {
  readonly id: number;
  readonly name?: string | null;
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly status?: string;
  readonly type?: string;
  readonly architecture?: string;
}

function fits(item: Item, query: URLSearchParams): boolean {
  const selector = query.get('label_selector');
  if (selector !== null && selector !== '' && !selects(selector, item.labels ?? {})) return false;
  const asked = (key: 'name' | 'status' | 'type' | 'architecture') => {
    const wanted = query.getAll(key).filter((one) => one !== '');
    return wanted.length === 0 || wanted.includes(item[key] ?? '');
  };
  return asked('name') && asked('status') && asked('type') && asked('architecture');
}

function sorted(items: readonly { readonly id: number }[], order: string): readonly { readonly id: number }[] {
  const [key = 'id', direction = 'asc'] = order.split(':');
  const sortKey = (item: object) => (item as Record<string, string | number>)[key] ?? 0;
  const compare = (a: object, b: object) => (sortKey(a) < sortKey(b) ? -1 : sortKey(a) > sortKey(b) ? 1 : 0);
  const ascending = items.toSorted(compare);
  return direction === 'desc' ? ascending.toReversed() : ascending;
}
