import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { ApiClient } from './client.ts';
import { listen } from './socket.ts';

let dataDir: string;
let service: FakeFleetService;
let app: ReturnType<typeof apiOf>;
let client: ApiClient;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-logs-'));
  service = new FakeFleetService({ now: () => 0 });
  app = apiOf(service);
  await listen(app, dataDir);
  client = new ApiClient(dataDir);
});

afterEach(async () => {
  await client.close();
  await app.close();
  await rm(dataDir, { recursive: true });
});

const { signal } = new AbortController();

it('streams what each server has printed', async () => {
  const lines: unknown[] = [];
  for await (const line of client.logs({ group: 'hello' }, { lines: 5, follow: false }, signal)) lines.push(line);
  const ids = service.status().groups.flatMap(({ instances }) => instances.map(({ id }) => id));
  expect(lines).toEqual(ids.map((instance) => ({ instance, text: `hello from ${instance}` })));
  expect(service.calls).toContain('logs {"group":"hello"} 5 false');
});

it('goes on with what comes, until the client lets go', async () => {
  const stop = new AbortController();
  let seen = 0;
  const following = (async () => {
    for await (const line of client.logs({ group: 'hello' }, { lines: 0, follow: true }, stop.signal)) {
      expect(line).toMatchObject({ text: expect.stringContaining('more') });
      seen += 1;
      if (seen === 3) stop.abort();
    }
  })();
  await following.catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  expect(seen).toBe(3);
});

it('does not keep the API from being closed', async () => {
  const following = (async () => {
    for await (const _ of client.logs({ group: 'hello' }, { lines: 1, follow: true }, signal)) await app.close();
  })();
  await expect(following).rejects.toMatchObject({ code: 'noAnswer' });
});

it('refuses more lines than it gives', async () => {
  const answer = await app.inject('/v1/groups/hello/logs?lines=10001');
  expect(answer.statusCode).toBe(400);
});
