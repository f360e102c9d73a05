import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeHttp } from '../../../test/support/fake-http.ts';
import { FakeRedis } from '../../../test/support/fake-redis.ts';
import { freshFolder, NO_ABORT, problemsOf, sourceOf } from '../../../test/support/metric-sources.ts';
import { queueMetric } from './index.ts';

describe('RabbitMQ', () => {
  let fake: FakeHttp;
  beforeEach(async () => {
    fake = await FakeHttp.start();
  });
  afterEach(() => fake.stop());

  const read = (more: object = {}, baseDir = '/') =>
    sourceOf(queueMetric, { kind: 'rabbitmq', url: fake.url, queue: 'jobs', user: 'me', ...more }, {}, baseDir).read(
      NO_ABORT,
    );

  it('asks for one queue, whatever its name, as a user', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'password'), 'pä:ss\n');
    fake.answer = () => ({ body: '{"messages":3,"state":"running"}' });
    const settings = { url: `${fake.url}/mq/`, vhost: '/a b', queue: 'x/y?', passwordFile: 'password' };
    expect(await read(settings, folder)).toMatchObject({ kind: 'value', value: 3 });
    expect(fake.requests[0]?.url).toBe('/mq/api/queues/%2Fa%20b/x%2Fy%3F?columns=messages,state');
    const basic = Buffer.from('me:pä:ss').toString('base64');
    expect(fake.requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
  });

  it.each([
    [200, '{}', 'empty', 'does not say how many messages'],
    [200, '{"messages":5,"state":"down"}', 'failed', 'the queue jobs is down'],
    [200, '{"messages":-1}', 'failed', 'not answer as expected'],
    [200, '{"messages":"5"}', 'failed', 'not answer as expected'],
    [401, '{"error":"not_authorised"}', 'failed', 'refuses the user me or its password'],
    [404, '{"error":"Object Not Found"}', 'absent', 'there is no queue jobs in the virtual host /'],
    [503, '', 'failed', 'HTTP 503'],
  ])('is missing for HTTP %d with %s', async (status, body, code, detail) => {
    fake.answer = () => ({ status, body });
    expect(await read()).toMatchObject({ kind: 'missing', code, detail: expect.stringContaining(detail) });
  });
});

describe('Redis', () => {
  let fake: FakeRedis;
  beforeEach(async () => {
    fake = await FakeRedis.start();
  });
  afterEach(() => fake.stop());

  const source = (more: object = {}, baseDir = '/') =>
    sourceOf(queueMetric, { kind: 'redis', url: fake.url, key: 'jobs', ...more }, {}, baseDir);
  /** XINFO GROUPS as Redis 7 answers it, without the last two fields as Redis 6 does. */
  const group = (name: string, lag: string | null) => {
    const fields = [bulk('name'), bulk(name), bulk('consumers'), ':1\r\n', bulk('pending'), ':2\r\n'];
    fields.push(bulk('last-delivered-id'), bulk('1-0'));
    if (lag !== null) fields.push(bulk('entries-read'), '$-1\r\n', bulk('lag'), lag);
    return `*1\r\n*${fields.length}\r\n${fields.join('')}`;
  };
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

  it('counts what is in a list or a stream, of a database, and hangs up', async () => {
    fake.answer = ([name]) => (name === 'SELECT' ? '+OK\r\n' : `:${name === 'LLEN' ? 4 : 5}\r\n`);
    expect(await source({ url: `${fake.url}/2` }).read(NO_ABORT)).toMatchObject({ value: 4 });
    expect(await source({ type: 'stream' }).read(NO_ABORT)).toMatchObject({ value: 5 });
    expect(fake.commands).toEqual([
      ['SELECT', '2'],
      ['LLEN', 'jobs'],
      ['XLEN', 'jobs'],
    ]);
    await expect.poll(() => fake.connections).toBe(0);
  });

  it('counts what a group has not been given, or has not acknowledged', async () => {
    const stream = { type: 'stream', consumerGroup: 'g' };
    fake.answer = () => group('g', ':7\r\n');
    expect(await source(stream).read(NO_ABORT)).toMatchObject({ value: 9 });
    fake.answer = () => group('g', '$-1\r\n');
    expect(await source(stream).read(NO_ABORT)).toMatchObject({ code: 'empty' });
    fake.answer = () => group('g', null);
    expect(await source(stream).read(NO_ABORT)).toMatchObject({ code: 'empty' });
    fake.answer = () => group('h', ':7\r\n');
    expect(await source(stream).read(NO_ABORT)).toMatchObject({ code: 'absent' });
  });

  it('proves itself, and says when that is refused', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'password'), 'hidden\n');
    fake.answer = ([name]) => (name === 'AUTH' ? '-WRONGPASS invalid\r\n' : ':1\r\n');
    const reading = await source({ user: 'me', passwordFile: 'password' }, folder).read(NO_ABORT);
    expect(fake.commands).toContainEqual(['AUTH', 'me', 'hidden']);
    expect(reading).toMatchObject({ code: 'failed', detail: expect.stringContaining('WRONGPASS') });
    expect(JSON.stringify(reading)).not.toContain('hidden');
  });

  it('hangs up when it is called off while it waits', async () => {
    fake.answer = () => null;
    const stop = new AbortController();
    const reading = source().read(stop.signal);
    await expect.poll(() => fake.commands).not.toEqual([]);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => fake.connections).toBe(0);
  });
});

it('refuses settings that do not fit together', () => {
  const redis = { kind: 'redis', url: 'redis://127.0.0.1', key: 'k' };
  expect(problemsOf(queueMetric, { ...redis, consumerGroup: 'g' })).toEqual([
    'consumerGroup: only a stream has consumer groups',
  ]);
  expect(problemsOf(queueMetric, { ...redis, url: 'redis://:secret@127.0.0.1' })[0]).toContain('no password');
  expect(problemsOf(queueMetric, { ...redis, url: 'http://127.0.0.1' })[0]).toContain('redis:// or rediss://');
  expect(problemsOf(queueMetric, { kind: 'kafka' })).toHaveLength(1);
});
