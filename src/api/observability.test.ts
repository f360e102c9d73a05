import { expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import type { CountedEvent } from '../ports/telemetry.ts';

function create(wrong: { readonly stuck?: readonly string[]; readonly waitsFor?: readonly string[] } = {}) {
  const counted: CountedEvent[] = [];
  const app = apiOf(new FakeFleetService({ now: () => 0 }), {
    observability: {
      exposition: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'drover_up 1\n' }),
      health: () => ({ stuck: [], waitsFor: [], ...wrong }),
      telemetry: { measure: (_work, run) => run(() => {}), count: (event) => void counted.push(event) },
    },
  });
  return { counted, get: (url: string) => app.inject({ url }) };
}

it('is alive unless it is stuck, and ready unless it waits', async () => {
  const calm = create();
  expect((await calm.get('/healthz')).statusCode).toBe(200);
  expect((await calm.get('/readyz')).statusCode).toBe(200);
  const starting = create({ waitsFor: ['The store is being loaded.'] });
  expect((await starting.get('/healthz')).statusCode).toBe(200);
  const answer = await starting.get('/readyz');
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toEqual({ status: 'notReady', waitsFor: ['The store is being loaded.'] });
  const stuck = create({ stuck: ['Group web was last checked 90 s ago.'] });
  expect((await stuck.get('/healthz')).statusCode).toBe(503);
  expect((await stuck.get('/readyz')).statusCode).toBe(503);
});

it('answers metrics as Prometheus reads them', async () => {
  const { body, headers } = await create().get('/metrics');
  expect({ body, type: headers['content-type'] }).toEqual({
    body: 'drover_up 1\n',
    type: 'text/plain; version=0.0.4; charset=utf-8',
  });
});

it('counts answers by their route, whatever paths clients make up', async () => {
  const { counted, get } = create();
  for (const path of ['/v1/groups/hello/explanation', '/v1/groups/no-such/explanation', '/admin.php', '/%2e%2e/'])
    await get(path);
  expect(counted.map((event) => (event.kind === 'apiRequest' ? `${event.route} ${event.status}` : ''))).toEqual([
    '/v1/groups/:group/explanation 200',
    '/v1/groups/:group/explanation 404',
    'none 404',
    'none 404',
  ]);
});
