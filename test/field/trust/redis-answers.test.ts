import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queueMetric } from '../../../src/metrics/queue/index.ts';
import { FakeRedis } from '../../support/fake-redis.ts';
import { NO_ABORT, problemsOf, sourceOf } from '../../support/metric-sources.ts';

let fake: FakeRedis;
beforeEach(async () => {
  fake = await FakeRedis.start();
});
afterEach(() => fake.stop());

const read = (more = {}) =>
  sourceOf(queueMetric, { kind: 'redis', url: fake.url, key: 'jobs', ...more }).read(NO_ABORT);

describe('an answer of Redis', () => {
  it.each([
    ':NaN\r\n',
    ':-5\r\n',
    ':\r\n',
    ':1e3\r\n',
    ':99999999999999999999\r\n',
    '$1\r\n5\r\n',
    '*1\r\n:5\r\n',
    '$-1\r\n',
    '+OK\r\n',
    '-NOAUTH Authentication required.\r\n',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    `*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n`,
    '$999999999\r\n',
    '*999999999\r\n:1\r\n-ERR\r\n',
  ])('%j is no number of entries', async (answer) => {
    fake.answer = () => answer;
    expect(await read()).toMatchObject({ kind: 'missing', detail: expect.not.stringContaining('\n') });
    const stream = await read({ type: 'stream', consumerGroup: 'g' });
    expect(stream).toMatchObject({ kind: 'missing' });
  });

  it('is one however it comes in pieces', async () => {
    fake.answer = () => ':1234\r\n';
    expect(await read()).toMatchObject({ kind: 'value', value: 1234 });
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.setNoDelay(true).once('data', async () => {
        for (const piece of [':', '12', '\r', '\n']) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await read({ url: `redis://127.0.0.1:${port}` })).toMatchObject({ value: 12 });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it.each(['+', ':', '$5\r\n', '*9\r\n'])('that begins with %j and has no end is given up early', async (start) => {
    let sent = 0;
    const server = createServer((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write('1'.repeat(65_536))) sent += 65_536;
      };
      socket.on('error', () => {}).on('drain', more);
      socket.once('data', () => {
        socket.write(start);
        more();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await read({ url: `redis://127.0.0.1:${port}` })).toMatchObject({ kind: 'missing' });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    server.close();
  });
});

describe('settings', () => {
  const redis = { kind: 'redis', key: 'k' };

  it.each(['redis://h/x', 'redis://h/1/2', 'redis://h?db=2', 'redis://h:0'])('with %s are refused', (url) => {
    expect(problemsOf(queueMetric, { ...redis, url })).toHaveLength(1);
  });

  it.each(['redis://h', 'redis://h/', 'redis://h/2', 'rediss://[::1]:6380/15'])('with %s are in order', (url) => {
    expect(problemsOf(queueMetric, { ...redis, url })).toEqual([]);
  });
});
