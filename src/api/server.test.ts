import { beforeEach, describe, expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { PortError } from '../ports/errors.ts';

let now = 0;
let service: FakeFleetService;
const internal: unknown[] = [];

beforeEach(() => {
  now = Date.UTC(2026, 10, 23, 15, 44);
  service = new FakeFleetService({ now: () => now });
  internal.length = 0;
});

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';
async function ask(method: Method, url: string, payload?: string | object, headers: Record<string, string> = {}) {
  const app = apiOf(service, { onInternalError: (error) => internal.push(error) });
  const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  await app.close();
  return { status: answer.statusCode, body: answer.body === '' ? null : answer.json() };
}

const anInstance = () => service.status().groups[0]?.instances[0]?.id ?? '';

describe('reading', () => {
  it('tells the status', async () => {
    expect(await ask('GET', '/v1/status')).toEqual({ status: 200, body: { ...service.status(), next: null } });
  });

  it('passes the filters of activities on', async () => {
    await ask('GET', '/v1/activities?group=hello&instance=i-0&level=warning&after=2&limit=7');
    expect(service.calls).toEqual([
      'activities {"limit":7,"group":"hello","level":"warning","instanceId":"i-0","afterSequence":2}',
    ]);
  });

  it('gives 50 activities unless told otherwise', async () => {
    const { body } = await ask('GET', '/v1/activities');
    expect(body.items).toHaveLength(4);
    expect(service.calls).toEqual(['activities {"limit":50}']);
  });

  it('tells the plan and what the fleet file would change', async () => {
    service.configuration.changes.push({ kind: 'change', path: 'name', before: 'a', after: 'b', effect: 'nothing' });
    expect((await ask('GET', '/v1/plan')).body.groups[0].group).toBe('hello');
    expect((await ask('GET', '/v1/fleet/changes')).body).toEqual({ changes: service.configuration.changes });
  });
});

it('explains a group', async () => {
  expect(await ask('GET', '/v1/groups/hello/explanation')).toEqual({
    status: 200,
    body: await service.explain('hello'),
  });
  expect((await ask('GET', '/v1/groups/other/explanation')).status).toBe(404);
});

describe('changing', () => {
  it('sets the desired capacity', async () => {
    const answer = await ask('PUT', '/v1/groups/hello/desired-capacity', { desired: 6 });
    expect(answer).toEqual({ status: 200, body: { before: 3, after: 6 } });
  });

  it('drains and terminates', async () => {
    const id = anInstance();
    expect(await ask('POST', `/v1/instances/${id}/drain`)).toEqual({ status: 202, body: { waitsFor: null } });
    expect(await ask('POST', `/v1/instances/${id}/terminate`)).toEqual({ status: 202, body: null });
    expect(service.calls).toEqual([`drainInstance ${id}`, `terminateInstance ${id}`]);
  });

  it('suspends and resumes processes', async () => {
    const suspend = (processes: string[]) => ask('POST', '/v1/groups/hello/suspend-processes', { processes });
    const launch = { status: 200, body: { suspendedProcesses: ['launch'] } };
    expect(await suspend(['launch'])).toEqual(launch);
    expect(await ask('POST', '/v1/groups/hello/resume-processes', { processes: ['terminate'] })).toEqual(launch);
    for (const wrong of [[], ['Launch'], ['lunch']]) expect((await suspend(wrong)).status).toBe(400);
    const elsewhere = await ask('POST', '/v1/groups/other/resume-processes', { processes: ['launch'] });
    expect(elsewhere.status).toBe(404);
  });

  it('resumes, reloads and goes down', async () => {
    service.suspended = 'three failures';
    expect((await ask('POST', '/v1/groups/hello/resume')).status).toBe(204);
    expect(await ask('POST', '/v1/fleet/reload')).toEqual({
      status: 200,
      body: { version: 1, changes: [], pending: [] },
    });
    expect((await ask('POST', '/v1/down')).status).toBe(202);
    expect(service.calls).toEqual(['resumeLaunch hello', 'reload', 'down']);
  });
});

describe('the fleet', () => {
  const document = { content: { fleet: 'hello' }, baseDir: '/srv' };

  it('says whose change it is, as the caller names itself', async () => {
    const change = { document, madeFrom: 1 };
    await ask('PUT', '/v1/fleet', change, { 'user-agent': 'curl/8\u0007' });
    await ask('PUT', '/v1/fleet', change, { 'user-agent': '' });
    expect(service.calls).toEqual(['apply 1 by curl/8', 'apply 1 by a caller of the API']);
  });

  it.each([
    ['a change that does not say what it was made from', { document }],
    ['a folder that is none', { document: { ...document, baseDir: 'srv' }, madeFrom: 1 }],
    ['a document that is none', { document: { ...document, content: [] }, madeFrom: 1 }],
  ])('does not take %s', async (_, body) => {
    expect(await ask('PUT', '/v1/fleet', body)).toMatchObject({ status: 400 });
    expect(service.calls).toEqual([]);
  });

  it('takes a document that is larger than other bodies may be, within bounds', async () => {
    const sized = (characters: number) => ({
      document: { ...document, content: { fleet: 'x'.repeat(characters) } },
      madeFrom: 1,
    });
    expect((await ask('PUT', '/v1/fleet', sized(300_000))).status).toBe(200);
    const refused = await ask('PUT', '/v1/fleet', sized(600_000));
    expect(refused).toMatchObject({
      status: 413,
      body: { detail: 'The body is larger than 524288 bytes.' },
    });
  });
});

describe('refusing', () => {
  const refusal = (code: string, detail: unknown) => expect.objectContaining({ code, detail });

  it('says 404, 409 and 422 as the service does', async () => {
    expect(await ask('POST', '/v1/instances/i-none/drain')).toEqual({
      status: 404,
      body: refusal('notFound', 'There is no instance i-none.'),
    });
    expect(await ask('POST', '/v1/groups/hello/resume')).toEqual({
      status: 409,
      body: refusal('conflict', 'Group hello is not waiting to launch.'),
    });
    expect(await ask('PUT', '/v1/groups/hello/desired-capacity', { desired: 2.5 })).toEqual({
      status: 422,
      body: refusal('invalid', '2.5 is not a whole number.'),
    });
  });

  it.each([
    ['an unknown query key', 'GET', '/v1/status?verbose=1', undefined, /verbose/],
    ['a misspelt filter', 'GET', '/v1/activities?grup=hello', undefined, /grup/],
    ['a limit of 0', 'GET', '/v1/activities?limit=0', undefined, /limit/],
    ['a limit beyond the most', 'GET', '/v1/activities?limit=1001', undefined, /limit/],
    ['an empty number', 'GET', '/v1/activities?after=', undefined, /after: a whole number/],
    ['a key twice', 'GET', '/v1/activities?after=1&after=2', undefined, /after/],
    ['a number as text', 'PUT', '/v1/groups/hello/desired-capacity', { desired: '6' }, /desired/],
    ['an unknown body key', 'PUT', '/v1/groups/hello/desired-capacity', { desired: 6, force: true }, /force/],
    ['no body', 'PUT', '/v1/groups/hello/desired-capacity', undefined, /./],
    [
      'a rollback from no version',
      'POST',
      '/v1/fleet/rollback',
      { to: 1 },
      /^madeFrom: it is missing; it must be a number$/,
    ],
  ] as const)('says 400 to %s', async (_what, method, url, payload, message) => {
    expect(await ask(method, url, payload)).toEqual({
      status: 400,
      body: refusal('malformed', expect.stringMatching(message)),
    });
    expect(service.calls).toEqual([]);
  });

  it('says 400 to what is no JSON and 413 to what is too much of it', async () => {
    const url = '/v1/groups/hello/desired-capacity';
    const json = { 'content-type': 'application/json' };
    expect((await ask('PUT', url, '{', json)).body.code).toBe('malformed');
    expect((await ask('PUT', url, 'desired=6', { 'content-type': 'text/plain' })).body.code).toBe('malformed');
    const tooMuch = await ask('PUT', url, JSON.stringify({ desired: 'x'.repeat(70_000) }), json);
    expect(tooMuch).toEqual({ status: 413, body: refusal('tooLarge', 'The body is larger than 65536 bytes.') });
  });

  it('says 404 to what does not exist, without its query', async () => {
    const answer = await ask('DELETE', '/v1/status?secret=1');
    expect(answer).toEqual({ status: 404, body: refusal('notFound', 'There is nothing at DELETE /v1/status.') });
  });

  it('says 500 with the cause where it is known: Drover cannot write its log on a full disk', async () => {
    const cause = 'the database /srv/drover.db cannot grow: the disk or the quota is full; make room';
    const full = Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    for (const [error, message] of [
      [new PortError('NoCapacity', 'diskFull', cause), cause],
      [full, 'the disk or the quota is full; make room (no space left on device, write)'],
    ] as const) {
      service.nextError = error;
      expect(await ask('PUT', '/v1/groups/hello/desired-capacity', { desired: 4 })).toEqual({
        status: 500,
        body: refusal('internal', `Drover failed to do this: ${message}.`),
      });
    }
    expect(internal).toHaveLength(2);
  });

  it('says 500 without internals and reports them', async () => {
    service.nextError = new Error('SQLITE_CORRUPT at /var/lib');
    const answer = await ask('GET', '/v1/plan');
    expect(answer).toEqual({ status: 500, body: refusal('internal', expect.not.stringContaining('SQLITE')) });
    expect(internal).toEqual([expect.objectContaining({ message: 'SQLITE_CORRUPT at /var/lib' })]);
  });
});
