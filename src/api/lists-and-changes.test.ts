import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import type { InstanceStatus } from '../views/status.ts';

let service: FakeFleetService;
let app: ReturnType<typeof apiOf>;

beforeEach(() => {
  service = new FakeFleetService({ now: () => 1_000_000, desired: 5 });
  app = apiOf(service);
});
afterEach(() => app.close());

const ask = (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers });

describe('lists', () => {
  it('are given in parts, each instance once', async () => {
    const ids: string[] = [];
    for (let url = '/v1/instances?limit=2'; url !== ''; ) {
      const { items, next }: { items: InstanceStatus[]; next: string | null } = (await ask(url)).json();
      ids.push(...items.map(({ id }) => id));
      url = next === null ? '' : `/v1/instances?limit=2&cursor=${next}`;
    }
    expect(ids).toEqual(service.status().groups[0]?.instances.map(({ id }) => id));
  });

  it('lead from the newest activities to the oldest', async () => {
    const sequences: number[] = [];
    for (let url = '/v1/activities?limit=2'; url !== ''; ) {
      const { items, next }: { items: { sequence: number }[]; next: string | null } = (await ask(url)).json();
      sequences.unshift(...items.map(({ sequence }) => sequence));
      url = next === null ? '' : `/v1/activities?limit=2&cursor=${next}`;
    }
    expect(sequences).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('lead from an activity to the newest', async () => {
    const { items, next } = (await ask('/v1/activities?after=1&limit=3')).json();
    expect(items.map(({ sequence }: { sequence: number }) => sequence)).toEqual([2, 3, 4]);
    const rest = (await ask(`/v1/activities?limit=3&cursor=${next}`)).json();
    expect(rest).toMatchObject({ items: [{ sequence: 5 }, { sequence: 6 }], next: null });
  });

  it.each(['nonsense', 'eyJncm91cCI6MX0', 'bnVsbA', '%00'])(
    'do not begin at a cursor that is none: %s',
    async (cursor) => {
      for (const list of ['instances', 'activities', 'groups']) {
        const { statusCode, body } = await ask(`/v1/${list}?cursor=${cursor}`);
        expect([statusCode, JSON.parse(body).detail]).toEqual([400, expect.stringContaining('cursor: it is not one')]);
      }
    },
  );

  it('leave out the instances that a status has no room for, and say where they are', async () => {
    const { groups, next } = (await ask('/v1/status?limit=2')).json();
    expect(groups[0].instances).toHaveLength(2);
    expect((await ask(`/v1/instances?cursor=${next}`)).json().items).toHaveLength(3);
  });
});

describe('what is there and what is not', () => {
  it.each(['groups/hello', 'load-balancers/front', 'target-groups/hello', 'providers/process'])('%s', async (path) => {
    expect((await ask(`/v1/${path}`)).json().name).toBe(path.split('/')[1]);
    const missing = await ask(`/v1/${path.split('/')[0]}/nobody`);
    expect(missing.json()).toMatchObject({ status: 404, code: 'notFound', detail: expect.stringContaining('nobody') });
    expect(missing.headers['content-type']).toBe('application/problem+json');
  });
});

describe('a change that depends on what is there', () => {
  const url = '/v1/groups/hello/desired-capacity';
  const set = (desired: number, headers: Record<string, string>) =>
    app.inject({ method: 'PUT', url, headers, payload: { desired } });

  it('is made once of two that were made from the same', async () => {
    const etag = String((await ask(url)).headers.etag);
    const answers = await Promise.all([set(6, { 'if-match': etag }), set(7, { 'if-match': etag })]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 412]);
    expect(answers[1]?.json()).toMatchObject({ code: 'preconditionFailed' });
    expect((await ask(url)).json().desired).toBe(6);
    const now = String((await ask(url)).headers.etag);
    expect((await set(7, { 'if-match': `"other", ${now}` })).statusCode).toBe(200);
  });

  it('is not sent again to who has it', async () => {
    const { headers } = await ask(url);
    const again = await ask(url, { 'if-none-match': String(headers.etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    await set(6, {});
    expect((await ask(url, { 'if-none-match': String(headers.etag) })).statusCode).toBe(200);
  });
});

describe('a request that is sent again', () => {
  const drain = (id: string, key: string) =>
    app.inject({ method: 'POST', url: `/v1/instances/${id}/drain`, headers: { 'idempotency-key': key } });
  const anId = () => service.status().groups[0]?.instances[0]?.id ?? '';

  it('is answered as it was first, and done once', async () => {
    const id = anId();
    const first = await drain(id, 'k1');
    const again = await drain(id, 'k1');
    expect([again.statusCode, again.body]).toEqual([first.statusCode, first.body]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(service.calls).toEqual([`drainInstance ${id}`]);
  });

  it('is refused under the key of another one', async () => {
    await drain(anId(), 'k1');
    expect((await drain('i-other', 'k1')).json()).toMatchObject({ status: 422, code: 'keyReused' });
  });

  it('is refused while the first is under way, and refusals are answers, too', async () => {
    const [first, second] = await Promise.all([drain('i-none', 'k1'), drain('i-none', 'k1')]);
    expect(first?.statusCode).toBe(404);
    expect([404, 409]).toContain(second?.statusCode);
    expect((await drain('i-none', 'k1')).json()).toMatchObject({ status: 404, code: 'notFound' });
  });

  it('may be tried again after Drover has failed', async () => {
    service.nextError = new Error('broken');
    expect((await drain(anId(), 'k1')).statusCode).toBe(500);
    expect((await drain(anId(), 'k1')).statusCode).toBe(202);
  });
});
