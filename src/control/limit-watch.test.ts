import { expect, it } from 'vitest';
import { sampleLoadBalancer } from '../../test/haproxy-samples.ts';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import type { CutBy, LimitsObservation } from '../model/observation.ts';
import { LimitWatch } from './limit-watch.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NONE = { idleTimeout: 0, queueTimeout: 0, requestHead: 0, answerHead: 0 };

function watching() {
  const clock = new VirtualClock();
  const watch = new LimitWatch(clock);
  const see = (cut: Partial<Record<CutBy, number>>, change: Partial<LimitsObservation> = {}): readonly string[] => {
    const limits = { connections: 0, maxConnections: 50_000, cutTotal: { ...NONE, ...cut }, ...change };
    return watch.seen(limits, sampleLoadBalancer).map(({ level, reason, message }) => `${level} ${reason}: ${message}`);
  };
  const pass = async (ms: number): Promise<void> => {
    void clock.sleep(ms);
    await clock.advance();
  };
  return { watch, see, pass };
}

it('reports requests that were cut with their number: soon, then every ten minutes', async () => {
  const { see, pass } = watching();
  expect(see({ idleTimeout: 1 })).toEqual([]);
  await pass(5 * SECOND);
  expect(see({ idleTimeout: 12 })).toEqual([
    'warning limitReached: Load balancer web cut 12 requests after 5m without a byte (idleTimeout).',
  ]);
  await pass(9 * MINUTE);
  expect(see({ idleTimeout: 500 })).toEqual([]);
  await pass(MINUTE);
  expect(see({ idleTimeout: 501 })).toEqual([
    'warning limitReached: Load balancer web cut 489 requests after 5m without a byte (idleTimeout).',
  ]);
  await pass(60 * MINUTE);
  expect(see({ idleTimeout: 501 })).toEqual([]);
});

it('reports each cause by itself', async () => {
  const { see, pass } = watching();
  see({ queueTimeout: 1, requestHead: 2, answerHead: 3 });
  await pass(5 * SECOND);
  expect(see({ queueTimeout: 1, requestHead: 2, answerHead: 3 })).toEqual([
    'warning limitReached: Load balancer web answered 503 to 1 request that waited in a queue for too long (queueTimeout of the target group).',
    'info limitReached: Load balancer web refused 2 requests: not HTTP, or with a head of more than 20KiB (maxHeaderSize).',
    'warning limitReached: Load balancer web answered 502 instead of 3 answers of servers: not HTTP, or with a head of more than 20KiB (maxHeaderSize).',
  ]);
});

it('reports that all connections are taken, again after ten minutes, and in the status for as long as it is so', async () => {
  const { watch, see, pass } = watching();
  const full = { connections: 50_000 };
  expect(see({}, full)).toEqual([expect.stringContaining('has 50000 client connections, the most that a listener')]);
  expect(watch.state).toContain('further ones wait');
  await pass(9 * MINUTE);
  expect(see({}, full)).toEqual([]);
  await pass(MINUTE);
  expect(see({}, full)).toHaveLength(1);
  expect(see({})).toEqual([]);
  expect(watch.state).toBe('');
});

it('reports once that the limit of open files allows fewer connections than are asked for', () => {
  const { watch, see } = watching();
  const low = { maxConnections: 409 };
  expect(see({}, low)).toEqual([
    expect.stringMatching(/^warning connectionLimitLow: Load balancer web takes 409 client connections, not 50000/),
  ]);
  expect(see({}, low)).toEqual([]);
  expect(watch.state).toContain('ulimit -Hn');
});
