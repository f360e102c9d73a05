import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { GROUP, type Kind, type Machines, Refusal, type Resource, SUBSCRIPTION, Subscription } from './subscription.ts';

export const TENANT = '00000000-0000-0000-0000-000000000002';
export const CLIENT = '00000000-0000-0000-0000-000000000003';
export const CLIENT_SECRET = 'a secret of the tests';
/** What a federation has given out for the application. */
export const FEDERATED_TOKEN = 'a token of the federation';

export const ACCESS_TOKEN = 'a-token';
const PAGE_SIZE = 20;
const POLL_MS = 50;
const RESOURCES = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/`;
const STATUSES = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines`;
const NO_CONTENT = { status: 204, body: null, headers: {} };

const isOf = (kind: Kind) => (path: string) => path.startsWith(RESOURCES) && `${path}/`.includes(`/${kind}/`);
/** What a call is about, by its path. */
const WHERE = {
  virtualMachines: isOf('virtualMachines'),
  disks: isOf('disks'),
  networkInterfaces: isOf('networkInterfaces'),
  publicIPAddresses: isOf('publicIPAddresses'),
  statuses: (path: string) => path === STATUSES,
  operation: (path: string) => path.startsWith('/operations/'),
  token: (path: string) => path.endsWith('/token'),
};

/** The next calls that fit go wrong. */
export interface Fault {
  readonly method: string;
  readonly kind: keyof typeof WHERE;
  readonly refusal: Refusal | 'loseAnswer';
  times: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Azure Resource Manager and the giver of its tokens, over TLS with a certificate of its own. */
export class FakeAzure {
  readonly subscription: Subscription;
  readonly calls: string[] = [];
  readonly faults: Fault[] = [];
  /** Operations are to be asked for again in whole seconds, as Azure says it; else at a moment before that, so that tests are quick. */
  areSecondsWhole = false;
  readonly #folder: string;
  readonly #https: Server;

  private constructor(folder: string, tls: { key: Buffer; cert: Buffer }, machines: Machines | undefined) {
    this.#folder = folder;
    this.subscription = new Subscription(machines);
    this.#https = createServer(tls, (request, response) => void this.#handle(request, response));
  }

  static async start(machines?: Machines): Promise<FakeAzure> {
    const folder = await mkdtemp(join(tmpdir(), 'drover-azure-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    await promisify(execFile)('openssl', [...request, '-keyout', key, '-out', cert, ...subject]);
    const fake = new FakeAzure(folder, { key: await readFile(key), cert: await readFile(cert) }, machines);
    await new Promise<void>((resolve) => void fake.#https.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get endpoint(): string {
    return `https://127.0.0.1:${(this.#https.address() as AddressInfo).port}`;
  }

  get caFile(): string {
    return join(this.#folder, 'ca.pem');
  }

  fail(method: string, kind: Fault['kind'], refusal: Fault['refusal'], times = 1): void {
    this.faults.push({ method, kind, refusal, times });
  }

  async close(): Promise<void> {
    this.subscription.close();
    this.#https.closeAllConnections();
    await new Promise((resolve) => this.#https.close(resolve));
    await rm(this.#folder, { recursive: true });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.endpoint);
    const body = await text(request);
    const fault = this.#takeFault(request.method ?? 'GET', url.pathname);
    const { status, body: content, headers } = this.#answer(request, url, body, fault);
    if (fault?.refusal === 'loseAnswer') return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(content === null ? undefined : JSON.stringify(content));
  }

  #answer(request: IncomingMessage, url: URL, body: string, fault: Fault | null): Answer {
    const { method = 'GET' } = request;
    try {
      if (fault !== null && fault.refusal !== 'loseAnswer') {
        if (fault.kind === 'virtualMachines' && method === 'PUT')
          this.subscription.reserve(JSON.parse(body) as Resource);
        throw fault.refusal;
      }
      if (url.pathname.startsWith(`/${TENANT}/`)) return this.#login(url.pathname, body);
      if (request.headers.authorization !== `Bearer ${ACCESS_TOKEN}`) {
        throw new Refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
      }
      if (!url.searchParams.has('api-version')) {
        throw new Refusal(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.');
      }
      const [, asked, operation] = /^\/(operations|operationResults)\/(\d+)$/.exec(url.pathname) ?? [];
      if (asked !== undefined && operation !== undefined) return this.#operation(asked, operation);
      return this.#resource(request, url, body);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code, message, retryAfterS } = error;
      const headers: Record<string, string> = retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) };
      const isLogin = url.pathname.startsWith(`/${TENANT}/`);
      const refused = isLogin ? { error: code, error_description: message } : { error: { code, message } };
      return { status, body: refused, headers };
    }
  }

  #login(path: string, body: string): Answer {
    const base = `${this.endpoint}/${TENANT}`;
    if (path.endsWith('/openid-configuration')) {
      const endpoints = {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
        issuer: `${base}/v2.0`,
      };
      return { status: 200, body: endpoints, headers: {} };
    }
    const asked = new URLSearchParams(body);
    const isProved = asked.get('client_secret') === CLIENT_SECRET || asked.get('client_assertion') === FEDERATED_TOKEN;
    if (!isProved || asked.get('client_id') !== CLIENT) {
      const refused = { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' };
      return { status: 401, body: refused, headers: {} };
    }
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3_599, access_token: ACCESS_TOKEN }, headers: {} };
  }

  #operation(asked: string, id: string): Answer {
    const operation = this.subscription.operations.get(id);
    if (operation === undefined) throw new Refusal(404, 'NotFound', `operation ${id}`);
    const { status, error } = operation;
    // The result of a deletion.
    if (asked === 'operationResults') return status === 'InProgress' ? { ...NO_CONTENT, status: 202 } : NO_CONTENT;
    return { status: 200, body: { status, ...(error === null ? {} : { error }) }, headers: this.#soon() };
  }

  #resource(request: IncomingMessage, url: URL, body: string): Answer {
    const path = decodeURIComponent(url.pathname);
    if (path.endsWith('/usages')) {
      const cores = {
        name: { value: 'cores', localizedValue: 'Total Regional vCPUs' },
        unit: 'Count',
        currentValue: this.subscription.conditions.usedCores,
        limit: 10,
      };
      return { status: 200, body: { value: [cores] }, headers: {} };
    }
    if (path === STATUSES) {
      return this.#page('virtualMachines', url, this.subscription.conditions.hasStatuses ? (one) => one : withoutView);
    }
    if (!path.startsWith(RESOURCES))
      throw new Refusal(404, 'ResourceGroupNotFound', `Resource group of ${path} could not be found.`);
    const [, kind = '', name] = path.slice(RESOURCES.length).split('/') as [string, Kind, string | undefined];
    this.calls.push(`${request.method} ${kind}`);
    if (name === undefined) return this.#page(kind as Kind, url, withoutView);
    return this.#one(request, kind as Kind, name, url, body);
  }

  #one(request: IncomingMessage, kind: Kind, name: string, url: URL, body: string): Answer {
    const { method = 'GET', headers } = request;
    const ifNoneMatch = headers['if-none-match'];
    if (method === 'GET') {
      const found = this.subscription.get(kind, name);
      return { status: 200, body: url.searchParams.has('$expand') ? found : withoutView(found), headers: {} };
    }
    if (method === 'PUT') {
      if (ifNoneMatch === '*' && this.subscription.has(kind, name)) {
        throw new Refusal(412, 'ConditionNotMet', `The resource ${name} is there already.`);
      }
      const { resource, operation } = this.subscription.put(kind, name, JSON.parse(body) as Resource);
      return { status: 201, body: withoutView(resource), headers: this.#toOperation(operation.id) };
    }
    const operation = this.subscription.delete(kind, name);
    if (operation === null) return NO_CONTENT;
    const location = `${this.endpoint}/operationResults/${operation.id}?api-version=2026-01-01`;
    return { status: 202, body: null, headers: { ...this.#toOperation(operation.id), location } };
  }

  #toOperation(id: string): Record<string, string> {
    const url = `${this.endpoint}/operations/${id}?api-version=2026-01-01`;
    return { 'azure-asyncoperation': url, ...this.#soon() };
  }

  #soon(): Record<string, string> {
    return { 'retry-after': this.areSecondsWhole ? '1' : new Date(Date.now() + POLL_MS).toISOString() };
  }

  #page(kind: Kind, url: URL, shown: (resource: Resource) => unknown): Answer {
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const isShouted = this.subscription.conditions.areIdsShouted;
    const all = this.subscription.list(kind).map((one) => (isShouted ? { ...one, id: one.id.toUpperCase() } : one));
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(from + PAGE_SIZE));
    const link = from + PAGE_SIZE < all.length ? { nextLink: next.href } : {};
    return { status: 200, body: { value: all.slice(from, from + PAGE_SIZE).map(shown), ...link }, headers: {} };
  }

  #takeFault(method: string, path: string): Fault | null {
    const planned = this.faults.find((one) => {
      return one.times > 0 && one.method === method && WHERE[one.kind](path);
    });
    if (planned === undefined) return null;
    planned.times -= 1;
    return planned;
  }
}

/** Only who asks for it gets the state at run time. */
function withoutView(resource: Resource): unknown {
  const { instanceView: _, ...properties } = resource.properties;
  return { ...resource, properties };
}
