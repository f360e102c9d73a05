import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { execMetric } from '../../../src/metrics/exec.ts';
import { hostMetric } from '../../../src/metrics/host/index.ts';
import { httpMetric } from '../../../src/metrics/http.ts';
import { prometheusMetric } from '../../../src/metrics/prometheus.ts';
import { queueMetric } from '../../../src/metrics/queue/index.ts';
import { FakeHttp } from '../../support/fake-http.ts';
import { FakeRedis } from '../../support/fake-redis.ts';
import { freshFolder, NO_ABORT, problemsOf, sourceOf } from '../../support/metric-sources.ts';

const VARIABLE = 'DROVER_TEST_METRIC_PASSWORD';

let folder: string;
beforeEach(async () => {
  folder = await freshFolder();
  await writeFile(join(folder, 'secret'), 'p\n');
  env[VARIABLE] = 'p';
  onTestFinished(() => void delete env[VARIABLE]);
});

async function fakeHttp(body: string): Promise<FakeHttp> {
  const fake = await FakeHttp.start();
  onTestFinished(() => fake.stop());
  fake.answer = () => ({ body });
  return fake;
}

const SAMPLE = JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1_700_000_000, '42'] } });
const MEMORY = `node_memory_MemTotal_bytes ${43 * 2 ** 20}\nnode_memory_MemAvailable_bytes ${2 ** 20}\n`;

const HTTP_SOURCES = [
  ['http', httpMetric, '42', ({ url }: FakeHttp) => ({ url })],
  ['prometheus', prometheusMetric, SAMPLE, ({ url }: FakeHttp) => ({ url, query: 'up' })],
  ['host', hostMetric, MEMORY, ({ port }: FakeHttp) => ({ measure: 'memory', exporterPort: port })],
] as const;

describe.each(HTTP_SOURCES)('%s', (_, type, body, settings) => {
  const server = { instanceId: 'i-1', address: '127.0.0.1', pid: null, isWarm: true };

  it.each([
    ['a header', { headers: { 'X-Scope-OrgID': { value: 'a' } } }, { 'x-scope-orgid': 'a' }],
    ['a secret header', { headers: { 'X-Api-Key': { file: 'secret', prefix: 'k ' } } }, { 'x-api-key': 'k p' }],
    ['a header of the environment', { headers: { a: { variable: VARIABLE } } }, { a: 'p' }],
    ['a token', { bearerTokenFile: 'secret' }, { authorization: 'Bearer p' }],
    ['a user with a password file', { user: 'u', passwordFile: 'secret' }, { authorization: 'Basic dTpw' }],
    ['a user with a variable', { user: 'u', passwordVariable: VARIABLE }, { authorization: 'Basic dTpw' }],
    ['a user without a password', { user: 'u' }, { authorization: 'Basic dTo=' }],
    ['a tenant and a user', { headers: { T: { value: 'a' } }, user: 'u' }, { t: 'a', authorization: 'Basic dTo=' }],
  ])('proves itself by %s', async (__, access, sent) => {
    const fake = await fakeHttp(body);
    const context = { servers: () => [server] };
    const reading = await sourceOf(type, { ...settings(fake), ...access }, context, folder).read(NO_ABORT);
    expect(reading).toMatchObject({ kind: 'value', value: 42 });
    expect(fake.requests[0]?.headers).toMatchObject(sent);
  });

  it('refuses what contradicts itself', async () => {
    const own = settings(await fakeHttp(body));
    for (const access of [
      { user: 'u', bearerTokenFile: 'secret' },
      { user: 'u', headers: { Authorization: { file: 'secret' } } },
      { user: 'u', passwordFile: 'secret', passwordVariable: VARIABLE },
      { passwordFile: 'secret' },
      { user: 'u:p' },
      { headers: { authorization: { value: 'Basic dTpw' } } },
    ]) {
      expect(problemsOf(type, { ...own, ...access })).toHaveLength(1);
    }
  });
});

it('a query of Prometheus keeps what else its URL asks for, as one over HTTP does', async () => {
  const fake = await fakeHttp(SAMPLE);
  const settings = { url: `${fake.url}/thanos/?tenant=a%26b&dedup=true`, query: 'sum(up{a="b"})' };
  expect(await sourceOf(prometheusMetric, settings).read(NO_ABORT)).toMatchObject({ value: 42 });
  const asked = new URL(fake.requests[0]?.url ?? '', fake.url);
  expect([asked.pathname, Object.fromEntries(asked.searchParams)]).toEqual([
    '/thanos/api/v1/query',
    { tenant: 'a&b', dedup: 'true', query: 'sum(up{a="b"})' },
  ]);
});

it('a password of RabbitMQ or Redis may come from a variable, too', async () => {
  const rabbit = await fakeHttp('{"messages":3}');
  const settings = { kind: 'rabbitmq', url: rabbit.url, queue: 'q', user: 'u', passwordVariable: VARIABLE };
  expect(await sourceOf(queueMetric, settings).read(NO_ABORT)).toMatchObject({ value: 3 });
  expect(rabbit.requests[0]?.headers.authorization).toBe('Basic dTpw');
  const redis = await fakeRedis();
  await sourceOf(queueMetric, { kind: 'redis', url: redis.url, key: 'k', passwordVariable: VARIABLE }).read(NO_ABORT);
  expect(redis.commands[0]).toEqual(['AUTH', 'p']);
});

async function fakeRedis(): Promise<FakeRedis> {
  const fake = await FakeRedis.start();
  onTestFinished(() => fake.stop());
  const counts = new Map([
    ['LLEN waiting', 2],
    ['LLEN active', 3],
    ['HLEN active', 4],
    ['ZCARD active', 5],
    ['SCARD active', 6],
    ['XLEN active', 7],
    ['ZCARD waiting', 8],
  ]);
  fake.answer = ([command, key]) => (command === 'AUTH' ? '+OK\r\n' : `:${counts.get(`${command} ${key}`) ?? 0}\r\n`);
  return fake;
}

describe('a queue in Redis counts what is being worked on', () => {
  it.each([
    [{}, 2],
    [{ inProgressKey: 'active' }, 5],
    [{ inProgressKey: 'active', inProgressType: 'hash' }, 6],
    [{ inProgressKey: 'active', inProgressType: 'sortedSet' }, 7],
    [{ inProgressKey: 'active', inProgressType: 'set' }, 8],
    [{ inProgressKey: 'active', inProgressType: 'stream' }, 9],
    [{ type: 'sortedSet', inProgressKey: 'active' }, 11],
    [{ key: 'empty', inProgressKey: 'active' }, 3],
  ])('with %j', async (settings, value) => {
    const redis = await fakeRedis();
    const source = sourceOf(queueMetric, { kind: 'redis', url: redis.url, key: 'waiting', ...settings });
    expect(await source.read(NO_ABORT)).toMatchObject({ kind: 'value', value });
  });

  it('asks for what waits first: a job that is taken in between is never not counted', async () => {
    const redis = await fakeRedis();
    await sourceOf(queueMetric, { kind: 'redis', url: redis.url, key: 'waiting', inProgressKey: 'active' }).read(
      NO_ABORT,
    );
    expect(redis.commands).toEqual([
      ['LLEN', 'waiting'],
      ['LLEN', 'active'],
    ]);
  });
});

describe('a command ends when its program ends', () => {
  const read = (script: string) =>
    sourceOf(execMetric, { command: ['sh', '-c', script] }, {}, folder).read(AbortSignal.timeout(20_000));

  it.each([
    ['with its output open', 'sleep 30 & echo $! >pid; echo 42', { kind: 'value', value: 42 }],
    ['in a session of its own', 'setsid sleep 30 & echo $! >pid; echo 42', { kind: 'value', value: 42 }],
    [
      'after it has failed',
      'sleep 30 & echo $! >pid; echo why >&2; exit 3',
      { code: 'failed', detail: 'sh exits with 3: why' },
    ],
  ])('not when who it leaves in the background does: %s', async (_, script, reading) => {
    expect(await read(script)).toMatchObject(reading);
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    // It goes on: it may have been meant to.
    expect(() => process.kill(pid, 'SIGKILL')).not.toThrow();
  });
});
