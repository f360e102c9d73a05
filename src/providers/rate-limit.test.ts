import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { runUntilDone } from '../../test/support/virtual-time.ts';
import { bucketOf, type CallKind, TokenBucket } from './rate-limit.ts';

const LIMIT = { calls: 100, perMs: 100_000 };
const { signal } = new AbortController();

describe('a token bucket', () => {
  let clock: VirtualClock;
  let bucket: TokenBucket;

  beforeEach(() => {
    clock = new VirtualClock();
    bucket = new TokenBucket(LIMIT, clock);
  });

  /** How long a call has waited, in milliseconds. */
  async function waited(kind: CallKind): Promise<number> {
    const beganMs = clock.steadyMs();
    return runUntilDone(
      clock,
      bucket.call(kind, signal, async () => clock.steadyMs() - beganMs),
      1_000,
    );
  }

  function left(remaining: number): Promise<void> {
    return bucket.call('change', signal, async () => bucket.learn({ limit: null, remaining }));
  }

  it('lets calls through at once while it is full', async () => {
    for (let call = 0; call < 50; call += 1) expect(await waited('change')).toBe(0);
    expect(bucket.left).toEqual({ calls: 50, of: 100 });
  });

  it('keeps its last calls for changes', async () => {
    await left(10);
    expect(await waited('change')).toBe(0);
    expect(await waited('list')).toBe(2_000);
  });

  it('spreads lists out when it is low', async () => {
    await left(40);
    expect(await waited('list')).toBe(0);
    expect(await waited('list')).toBe(2_000);
    expect(await waited('change')).toBe(0);
  });

  it('lets a change go before a list that waits', async () => {
    await left(5);
    const order: string[] = [];
    const list = bucket.call('list', signal, async () => void order.push('list'));
    const change = bucket.call('change', signal, async () => void order.push('change'));
    await runUntilDone(clock, Promise.all([list, change]), 1_000);
    expect(order).toEqual(['change', 'list']);
  });

  it('refuses a change that would wait too long, and says how long', async () => {
    bucket.refused(60_000);
    const call = bucket.call('change', signal, async () => undefined);
    await expect(call).rejects.toMatchObject({ reaction: 'RateLimited', retryAfterMs: 60_000 });
  });

  it('lets a list fail by itself, so that launches are not held up by it', async () => {
    bucket.refused(60_000);
    const call = bucket.call('list', signal, async () => undefined);
    await expect(call).rejects.toMatchObject({ reaction: 'Transient', retryAfterMs: 60_000 });
  });

  it('waits as long as a refusal says, and for a few calls where it says nothing', async () => {
    bucket.refused(3_000);
    expect(await waited('change')).toBe(3_000);
    expect(bucket.refused(null)).toBe(10_000);
  });

  it('follows the limit that answers name, and what others have used', async () => {
    await bucket.call('change', signal, async () => bucket.learn({ limit: 1_000, remaining: 700 }));
    expect(bucket.left).toEqual({ calls: 700, of: 1_000 });
    await left(2_000);
    expect(bucket.left).toEqual({ calls: 1_000, of: 1_000 });
  });

  it('counts calls that are under way, which an answer does not know of', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const other = bucket.call('change', signal, () => promise);
    await left(50);
    expect(bucket.left.calls).toBe(49);
    resolve();
    await other;
  });

  it('is let go by its signal while it waits', async () => {
    bucket.refused(3_000);
    const abort = new AbortController();
    const call = bucket.call('change', abort.signal, async () => undefined);
    abort.abort();
    await expect(runUntilDone(clock, call, 10)).rejects.toThrow();
  });

  it('is one for all that use the same credential', () => {
    expect(bucketOf('token', LIMIT, clock)).toBe(bucketOf('token', LIMIT, clock));
    expect(bucketOf('token', LIMIT, clock)).not.toBe(bucketOf('another', LIMIT, clock));
  });
});
