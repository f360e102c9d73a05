import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import type { Clock } from '../ports/clock.ts';
import { systemClock } from '../system/clock.ts';
import { HangWatch } from './hang.ts';

const signal = new AbortController().signal;
const FASTER = 6;

/** The last chance takes a part of its time only. */
const fastClock: Clock = {
  now: () => systemClock.now(),
  steadyMs: () => systemClock.steadyMs() * FASTER,
  sleep: (delayMs, until) => systemClock.sleep(delayMs / FASTER, until),
};

it('a load balancer whose socket is silent and whose listener answers is not hung', async () => {
  const alive = createServer((socket) => void socket.end('HTTP/1.1 400 Bad request\r\n\r\n'));
  await once(alive.listen(0, '127.0.0.1'), 'listening');
  const bound = alive.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const never = (until: AbortSignal) => once(until, 'abort').then(() => false);
  const silentFor = (ms: number) => {
    const watch = new HangWatch(fastClock);
    watch.silent(fastClock.steadyMs() - ms);
    return watch;
  };
  const listeners = [{ address: '127.0.0.1', port }];
  expect(await silentFor(60_000).examine(listeners, never, signal)).toBeNull();
  expect(await silentFor(60_000).examine([], async () => true, signal)).toBeNull();
  expect(await silentFor(1_000).examine([], never, signal)).toBeNull();
  const again = silentFor(60_000);
  again.answered();
  expect(await again.examine([], never, signal)).toBeNull();
  expect(await silentFor(60_000).examine([], never, signal)).toMatch(/for 6\d s/);
  const broken = () => Promise.reject(new Error('an answer that nobody has thought of'));
  await expect(silentFor(60_000).examine([], broken, signal)).rejects.toThrow('nobody has thought of');
  alive.close();
});
