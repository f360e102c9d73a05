import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import type { Clock } from '../ports/clock.ts';
import { ownerOfSocket, type Role } from './caller.ts';
import { Api } from './server.ts';
import { sessionFile } from './session-file.ts';
import { Sessions } from './sessions.ts';

let folder: string;
let nowMs: number;
let service: FakeFleetService;
let api: Api;
let socket: ReturnType<Api['build']>;
let tcp: ReturnType<Api['build']>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-dashboard-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html>');
  nowMs = 0;
  const clock: Clock = { now: () => nowMs, steadyMs: () => nowMs, sleep: async () => {} };
  service = new FakeFleetService({ now: () => nowMs });
  api = new Api({ service, clock, version: '0.1.0', onInternalError: (error) => expect.fail(String(error)) });
  socket = api.build(ownerOfSocket);
  tcp = api.buildDashboard(folder);
  api.isAt('http://127.0.0.1:7700');
});
afterEach(async () => {
  await Promise.all([socket.close(), tcp.close()]);
  await rm(folder, { recursive: true });
});

async function codeFor(role: Role): Promise<string> {
  const answer = await socket.inject({ method: 'POST', url: '/v1/session-codes', payload: { role } });
  const { url } = answer.json<{ url: string }>();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:7700\/login#code=/);
  return url.split('=')[1] ?? '';
}

const enterWith = (code: string) => tcp.inject({ method: 'POST', url: '/v1/session', payload: { code } });

async function logIn(role: Role = 'admin') {
  const answer = await enterWith(await codeFor(role));
  expect(answer.statusCode).toBe(204);
  const header = String(answer.headers['set-cookie']);
  expect(header).toMatch(/^drover_session_0=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  const cookie = header.split(';')[0] ?? '';
  const session = await tcp.inject({ url: '/v1/session', headers: { cookie } });
  return { cookie, 'x-csrf-token': session.json<{ csrfToken: string }>().csrfToken };
}

const setDesired = (headers: Record<string, string>) =>
  tcp.inject({ method: 'PUT', url: '/v1/groups/hello/desired-capacity', headers, payload: { desired: 4 } });

it('lets nobody in who has not logged in, whatever he asks for', async () => {
  const { paths } = (await socket.inject('/v1/openapi.json')).json<{
    paths: Record<string, Record<string, unknown>>;
  }>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const url = path.replaceAll(/\{\w+\}/g, 'hello');
      const answer = await tcp.inject({
        method: method.toUpperCase() as 'GET',
        url,
        headers: { cookie: 'drover_session_0=x' },
      });
      expect([url, method, answer.statusCode, answer.json().code]).toEqual([url, method, 401, 'unauthorized']);
    }
  }
  expect(service.calls).toEqual([]);
});

it('shows the page to all: it says nothing of the fleet', async () => {
  expect((await tcp.inject('/')).headers['content-security-policy']).toContain("default-src 'none'");
});

it('logs in once with a code, and not after five minutes', async () => {
  const code = await codeFor('admin');
  expect((await enterWith(code)).statusCode).toBe(204);
  expect((await enterWith(code)).json()).toMatchObject({
    status: 401,
    detail: expect.stringContaining('drover dashboard'),
  });
  const late = await codeFor('admin');
  nowMs += 5 * 60_000;
  expect((await enterWith(late)).statusCode).toBe(401);
});

it('changes something only with the token of the session', async () => {
  const headers = await logIn('operator');
  expect((await setDesired({ cookie: headers.cookie })).statusCode).toBe(403);
  expect((await setDesired({ ...headers, 'x-csrf-token': 'x' })).statusCode).toBe(403);
  expect((await setDesired(headers)).statusCode).toBe(200);
  expect(service.calls).toEqual(['setDesiredCapacity hello 4']);
});

it.each<readonly [Role, number, number]>([
  ['viewer', 403, 403],
  ['operator', 200, 403],
  ['admin', 200, 202],
])('a %s may do what the role says', async (role, set, down) => {
  const headers = await logIn(role);
  expect((await tcp.inject({ url: '/v1/status', headers })).statusCode).toBe(200);
  expect((await setDesired(headers)).statusCode).toBe(set);
  expect((await tcp.inject({ method: 'POST', url: '/v1/down', headers })).statusCode).toBe(down);
});

it('ends a session when it is logged out, and after twelve hours', async () => {
  const headers = await logIn();
  expect((await tcp.inject({ method: 'DELETE', url: '/v1/session', headers })).statusCode).toBe(204);
  expect((await tcp.inject({ url: '/v1/fleet', headers })).statusCode).toBe(401);
  const other = await logIn();
  nowMs += 12 * 3_600_000;
  expect((await tcp.inject({ url: '/v1/fleet', headers: other })).statusCode).toBe(401);
});

it('has no log-in on the socket, and no link where it listens on no port', async () => {
  expect((await socket.inject({ method: 'POST', url: '/v1/session', payload: { code: 'x' } })).statusCode).toBe(404);
  const other = new Api({
    service,
    clock: { now: () => 0, steadyMs: () => 0, sleep: async () => {} },
    version: '',
    onInternalError: () => {},
  });
  const alone = other.build(ownerOfSocket);
  const answer = await alone.inject({ method: 'POST', url: '/v1/session-codes', payload: { role: 'admin' } });
  expect(answer.json()).toMatchObject({ status: 409, detail: expect.stringContaining('--listen') });
  await alone.close();
});

describe('sessions in a file', () => {
  const problems: string[] = [];
  const clock = { now: () => nowMs, steadyMs: () => nowMs, sleep: async () => {} };
  const open = () =>
    new Sessions(
      clock,
      sessionFile(join(folder, 'sessions.json'), (message) => problems.push(message)),
    );
  const admin = { name: 'ada', role: 'admin', groups: null } as const;
  const enter = (sessions: Sessions) => sessions.logIn(sessions.code(admin), 7700).split(';')[0];

  it('outlive their controller, without what would log in', async () => {
    problems.length = 0;
    const cookie = enter(open());
    expect(open().of(cookie, 7700).caller).toEqual(admin);
    expect(() => open().of(cookie, 7701)).toThrow('Log in first');
    const text = await readFile(join(folder, 'sessions.json'), 'utf8');
    expect(text).not.toContain(cookie?.split('=')[1]);
    expect((await stat(join(folder, 'sessions.json'))).mode & 0o777).toBe(0o600);
    expect(problems).toEqual([]);
  });

  it('are over where the file is damaged, which is reported', async () => {
    problems.length = 0;
    await writeFile(join(folder, 'sessions.json'), '[{"digest":');
    expect(() => open().of('drover_session_7700=x', 7700)).toThrow('Log in first');
    expect(problems).toEqual([expect.stringContaining('nobody is logged in any more')]);
  });

  it('that have ended are not kept', async () => {
    enter(open());
    nowMs += 13 * 3_600_000;
    const cookie = enter(open());
    expect(JSON.parse(await readFile(join(folder, 'sessions.json'), 'utf8'))).toHaveLength(1);
    open().logOut(cookie, 7700);
    expect(JSON.parse(await readFile(join(folder, 'sessions.json'), 'utf8'))).toEqual([]);
  });
});
