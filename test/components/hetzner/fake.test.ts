import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wrongAnswer } from '../../support/hetzner/description.ts';
import { FakeHetzner, READ_ONLY_TOKEN, TOKEN } from '../../support/hetzner/fake-api.ts';
import { selects } from '../../support/hetzner/label-selector.ts';

describe("the fake of Hetzner's API", () => {
  let fake: FakeHetzner;

  beforeEach(async () => {
    fake = await FakeHetzner.start();
  });

  afterEach(async () => {
    await fake.close();
    expect(fake.violations).toEqual([]);
  });

  async function ask(method: string, path: string, body?: object, token = TOKEN) {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${fake.endpoint}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: JSON.parse((await answer.text()) || 'null') };
  }

  const order = { name: 'web-1', image: 'debian-13', server_type: 'cx23', location: 'nbg1' };

  it('knows its tokens, and which may write', async () => {
    expect(await ask('GET', '/servers', undefined, 'wrong')).toMatchObject({ status: 401 });
    expect(await ask('GET', '/servers', undefined, READ_ONLY_TOKEN)).toMatchObject({ status: 200 });
    const refused = await ask('POST', '/servers', order, READ_ONLY_TOKEN);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'token_readonly' } } });
  });

  it.each([
    [{ name: 'no_host_name' }, 422, 'invalid_input'],
    [{ server_type: 'cx9000' }, 422, 'invalid_input'],
    [{ location: 'ash' }, 422, 'invalid_input'],
    [{ image: 'windows' }, 404, 'not_found'],
    [{ networks: [1] }, 422, 'invalid_input'],
    [{ labels: { a: 'b c' } }, 422, 'invalid_input'],
    [{ user_data: 'x'.repeat(32_769) }, 422, 'invalid_input'],
    [{ placement_group: 1 }, 422, 'invalid_input'],
  ])('refuses %j', async (wrong, status, code) => {
    expect(await ask('POST', '/servers', { ...order, ...wrong })).toMatchObject({ status, body: { error: { code } } });
    expect(fake.project.servers).toEqual([]);
  });

  it('has no two servers of one name', async () => {
    expect(await ask('POST', '/servers', order)).toMatchObject({ status: 201 });
    expect(await ask('POST', '/servers', order)).toMatchObject({
      status: 409,
      body: { error: { code: 'uniqueness_error' } },
    });
  });

  it('takes a server through its life', async () => {
    const { body } = await ask('POST', '/servers', order);
    const { id } = body.server;
    expect(body).toMatchObject({ server: { status: 'initializing', locked: true }, action: { status: 'running' } });
    expect(await ask('DELETE', `/servers/${id}`)).toMatchObject({ status: 423, body: { error: { code: 'locked' } } });
    await expect.poll(async () => (await ask('GET', `/servers/${id}`)).body.server.status).toBe('running');
    await ask('POST', `/servers/${id}/actions/poweroff`);
    await expect.poll(async () => (await ask('GET', `/servers/${id}`)).body.server.status).toBe('off');
    await ask('DELETE', `/servers/${id}`);
    await expect.poll(async () => (await ask('GET', `/servers/${id}`)).status).toBe(404);
  });

  it('gives pages, and lists that are behind', async () => {
    fake.project.conditions.listLagMs = 300;
    for (const name of ['a', 'b', 'c']) await ask('POST', '/servers', { ...order, name });
    expect((await ask('GET', '/servers')).body.servers).toEqual([]);
    const last = async () => (await ask('GET', '/servers?per_page=2&page=2')).body;
    await expect.poll(last).toMatchObject({
      servers: [{ name: 'c' }],
      meta: { pagination: { page: 2, next_page: null, previous_page: 1, total_entries: 3 } },
    });
  });

  it('counts requests, says how many are left, and refuses more', async () => {
    const { headers } = await ask('GET', '/servers');
    expect(headers.get('ratelimit-limit')).toBe('3600');
    expect(headers.get('ratelimit-remaining')).toBe('3599');
    fake.rate.leave(0);
    expect(await ask('GET', '/servers')).toMatchObject({
      status: 429,
      body: { error: { code: 'rate_limit_exceeded' } },
    });
  });

  it.each([
    ['app=shop', true],
    ['app==shop,!old', true],
    ['app!=shop', false],
    ['app in (web, shop),tier', true],
    ['app notin (shop)', false],
    ['missing', false],
  ])('understands the selector %s', (selector, fits) => {
    expect(selects(selector, { app: 'shop', tier: '' })).toBe(fits);
  });

  it('would find an answer that the description does not allow', () => {
    expect(wrongAnswer('GET', '/servers', 200, { servers: [{ id: 1 }], meta: {} })).toContain('must have required');
    expect(wrongAnswer('GET', '/servers/{id}', 201, {})).toContain('no such answer');
  });
});
