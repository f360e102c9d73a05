import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { DASHBOARD_POLICY } from '../../../src/api/routes/dashboard.ts';
import type { SuspendableProcess } from '../../../src/model/scaling-policy.ts';
import { type FakeFleet, STEP_MS } from './fake-fleet.ts';
import { explanationOf, historyOf } from './fake-past.ts';
import { FakeRefusal } from './fake-refusal.ts';
import { groupRow, loadBalancerRows } from './fake-rows.ts';
import { FakeVersions } from './fake-versions.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

export interface FakeApiOptions {
  readonly fleet: FakeFleet;
  readonly dist: string;
  readonly now: () => number;
  /** Whoever comes is this; with `null` a log-in is asked for. */
  readonly role?: 'viewer' | 'operator' | 'admin' | null;
}

/** The dashboard's API over an imitated fleet, with the dashboard itself, for a browser on this host. */
export class FakeApi {
  readonly #server: Server;
  readonly #options: FakeApiOptions;
  readonly #versions = new FakeVersions();
  readonly #streams = new Set<ServerResponse>();
  readonly calls: string[] = [];
  #role: FakeApiOptions['role'];
  #timer: NodeJS.Timeout | undefined;
  #sent = 0;

  constructor(options: FakeApiOptions) {
    this.#options = options;
    this.#role = options.role === undefined ? 'admin' : options.role;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.#timer = setInterval(() => this.#tell(), STEP_MS);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections, as a controller that restarts does. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #tell(): void {
    const { fleet, now } = this.#options;
    fleet.stepTo(now());
    const send = (event: string, data: unknown, id?: number) => {
      const text = `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      for (const stream of this.#streams) stream.write(text);
    };
    for (const activity of fleet.activities) {
      if (activity.sequence > this.#sent) send('activity', activity, activity.sequence);
    }
    this.#sent = fleet.activities.at(-1)?.sequence ?? 0;
    const changed = fleet.instances().filter(({ id }) => fleet.changed.has(id));
    send('instances', { changed, gone: [...fleet.gone] });
    fleet.changed.clear();
    fleet.gone.clear();
    send('groups', { changed: fleet.groups.map((group) => groupRow(fleet, group)), gone: [] });
    send('loadBalancers', { changed: loadBalancerRows(fleet), gone: [] });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://drover');
    if (!url.pathname.startsWith('/v1/')) return this.#file(url.pathname, response);
    try {
      if (url.pathname === '/v1/events') return this.#stream(request, response);
      const body = await bodyOf(request);
      if (request.method !== 'GET') this.calls.push(`${request.method} ${url.pathname}${url.search} ${body}`);
      const answer = this.#route(request.method ?? 'GET', url, body === '' ? null : JSON.parse(body));
      response.writeHead(answer === undefined ? 204 : 200, { 'content-type': 'application/json' });
      response.end(answer === undefined ? '' : JSON.stringify(answer));
    } catch (error) {
      const { status, code, message } =
        error instanceof FakeRefusal ? error : new FakeRefusal(500, 'internal', String(error));
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'about:blank', status, code, title: code, detail: message }));
    }
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    if (this.#role === null) throw new FakeRefusal(401, 'unauthorized', 'Log in first.');
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    this.#streams.add(response);
    request.on('close', () => this.#streams.delete(response));
  }

  #route(method: string, url: URL, body: Record<string, unknown> | null): unknown {
    const path = url.pathname.slice('/v1/'.length).split('/').map(decodeURIComponent);
    const [resource = '', name = '', action = ''] = path;
    if (resource === 'session') return this.#session(method, body);
    if (this.#role === null) throw new FakeRefusal(401, 'unauthorized', 'Log in first.');
    if (method !== 'GET' && this.#role === 'viewer')
      throw new FakeRefusal(403, 'forbidden', 'A viewer changes nothing.');
    const { fleet } = this.#options;
    if (url.pathname === '/v1/fleet' && method === 'GET') return this.#fleet();
    if (resource === 'fleet') return this.#versions.route(method, path, url, body);
    const force = url.searchParams.get('force') === 'true';
    switch (`${method} ${resource}${action === '' ? '' : `/${action}`}`) {
      case 'GET groups':
        return page(fleet.groups.map((group) => groupRow(fleet, group)));
      case 'GET groups/explanation':
        return explanationOf(fleet, name);
      case 'GET groups/history':
        return historyOf(fleet, name, Number(url.searchParams.get('since')), Number(url.searchParams.get('bucket')));
      case 'GET instances':
        return name === '' ? page(fleet.instances(), url) : fleet.instance(name);
      case 'GET load-balancers':
        return page(loadBalancerRows(fleet));
      case 'GET activities':
        return this.#activities(url);
      case 'GET doctor':
        return DOCTOR;
      case 'GET tokens':
        return page(TOKENS);
      case 'PUT groups/desired-capacity':
        return fleet.setDesired(name, Number(body?.desired));
      case 'POST groups/suspend-processes':
        return fleet.setProcesses(name, body?.processes as SuspendableProcess[], true);
      case 'POST groups/resume-processes':
        return fleet.setProcesses(name, body?.processes as SuspendableProcess[], false);
      case 'POST groups/resume':
        return fleet.resumeLaunch(name);
      case 'POST instances/drain':
        fleet.end(name, 'drain', force);
        return { waitsFor: null };
      case 'POST instances/terminate':
        return fleet.end(name, 'terminate', force);
    }
    throw new FakeRefusal(404, 'notFound', `There is nothing at ${method} ${url.pathname}.`);
  }

  #session(method: string, body: Record<string, unknown> | null): unknown {
    if (method === 'POST') {
      if (body?.token !== 'secret' && body?.code !== 'secret')
        throw new FakeRefusal(401, 'unauthorized', 'This token is not known, or it has expired.');
      this.#role = 'admin';
      return undefined;
    }
    if (method === 'DELETE') {
      this.#role = null;
      return undefined;
    }
    if (this.#role === null) throw new FakeRefusal(401, 'unauthorized', 'Log in first.');
    return { name: 'ada', role: this.#role, csrfToken: 'csrf' };
  }

  #fleet(): unknown {
    const { fleet } = this.#options;
    return {
      at: fleet.now,
      fleet: 'shop',
      version: '0.1.0',
      pid: 4242,
      startedAt: fleet.startedAt,
      fleetVersion: 7,
      fleetFile: null,
      dataDir: '/srv/shop/.drover',
      mode: 'up',
      pending: [],
      defects: 0,
    };
  }

  #activities(url: URL): unknown {
    const { group, instance, level, cursor, limit } = Object.fromEntries(url.searchParams);
    const levels = ['info', 'warning', 'error'];
    const found = this.#options.fleet.activities
      .filter((one) => group === undefined || one.group === group)
      .filter((one) => instance === undefined || one.instanceId === instance)
      .filter((one) => level === undefined || levels.indexOf(one.level) >= levels.indexOf(level))
      .toReversed();
    const start = Number(cursor ?? 0);
    const end = start + Number(limit ?? 50);
    return { items: found.slice(start, end).toReversed(), next: end < found.length ? String(end) : null };
  }

  #file(path: string, response: ServerResponse): void {
    const asked = join(this.#options.dist, normalize(path));
    const isFile = existsSync(asked) && statSync(asked).isFile();
    const file = isFile ? asked : join(this.#options.dist, 'index.html');
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': DASHBOARD_POLICY,
      'x-content-type-options': 'nosniff',
      'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    createReadStream(file).pipe(response);
  }
}

function page<Row>(rows: readonly Row[], url?: URL): { items: readonly Row[]; next: string | null } {
  const start = Number(url?.searchParams.get('cursor') ?? 0);
  const end = start + Number(url?.searchParams.get('limit') ?? 1_000);
  return { items: rows.slice(start, end), next: end < rows.length ? String(end) : null };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const TOKENS = [
  {
    id: 't1',
    name: 'ada',
    role: 'admin',
    createdAt: 1_795_000_000_000,
    expiresAt: null,
    lastUsedAt: 1_795_740_000_000,
  },
  {
    id: 't2',
    name: 'grafana',
    role: 'viewer',
    createdAt: 1_795_100_000_000,
    expiresAt: 1_803_000_000_000,
    lastUsedAt: null,
  },
];

const DOCTOR = {
  subjects: [
    { title: 'Node.js', findings: [{ level: 'ok', message: 'Node.js 24.11.1.', remedy: null }] },
    { title: 'HAProxy', findings: [{ level: 'ok', message: 'HAProxy 3.0.11 at /usr/sbin/haproxy.', remedy: null }] },
    {
      title: 'Provider burst',
      findings: [
        {
          level: 'error',
          message: 'AMI ami-0a1b2c3d4e5f60718 does not exist in eu-central-1.',
          remedy: 'Name an image of this region in the launch template of group search.',
        },
      ],
    },
  ],
};
