import { expect, it } from 'vitest';
import type { Store, TrafficSample } from '../../src/ports/store.ts';
import { aChange, anActivity } from './store-examples.ts';

/** What is known of the past of a group and its load. */
export function describeHistory(store: () => Store): void {
  const sample = (changes: Partial<TrafficSample>): TrafficSample => ({
    loadBalancer: 'front',
    targetGroup: 'web',
    intervalMs: 10_000,
    requests: 100,
    errors5xx: 0,
    openRequests: 2,
    queuedRequests: 0,
    responseTimeMs: 8,
    healthyTargets: 3,
    totalTargets: 4,
    ...changes,
  });
  const record = (at: number, changes: Partial<TrafficSample>) =>
    store().recordSamples({ at, traffic: [sample(changes)], health: [] });

  it('averages traffic over spans of any length, of one target group', async () => {
    await record(60_000, { requests: 100, errors5xx: 10 });
    await record(70_000, { requests: 300, openRequests: 4, healthyTargets: 4 });
    await record(70_000, { targetGroup: 'other', requests: 9_999 });
    await record(130_000, { requests: 0, intervalMs: 20_000 });
    expect(await store().trafficHistory('web', 0, 60_000)).toEqual([
      {
        at: 60_000,
        requestsPerSecond: 20,
        errors5xxPerSecond: 0.5,
        openRequests: 3,
        queuedRequests: 0,
        responseTimeMs: 8,
        healthyTargets: 3.5,
        totalTargets: 4,
      },
      expect.objectContaining({ at: 120_000, requestsPerSecond: 0 }),
    ]);
    expect(await store().trafficHistory('web', 100_000, 60_000)).toHaveLength(1);
    expect(await store().trafficHistory('nobody', 0, 60_000)).toEqual([]);
  });

  it('remembers the sizes of a group that activities have recorded', async () => {
    const size = (desired: number) => ({ desired, inService: 1, total: 2 });
    await store().commit(
      aChange({
        activities: [
          anActivity({ at: 1, group: 'web', after: size(3) }),
          anActivity({ at: 2, group: 'web', after: null }),
          anActivity({ at: 3, group: 'web', after: size(4) }),
          anActivity({ at: 4, group: 'other', after: size(9) }),
        ],
      }),
    );
    expect(await store().capacityHistory('web', 0)).toEqual([
      { at: 1, ...size(3) },
      { at: 3, ...size(4) },
    ]);
    expect(await store().capacityHistory('web', 2)).toEqual([{ at: 3, ...size(4) }]);
  });

  it('chooses activities by group, by reason, and before one', async () => {
    await store().commit(
      aChange({
        activities: [
          anActivity({ group: 'web', reason: 'launch', message: 'a' }),
          anActivity({ group: 'batch', reason: 'launch', message: 'b' }),
          anActivity({ group: null, reason: 'fleetChanged', message: 'c' }),
          anActivity({ group: 'web', reason: 'drained', message: 'd' }),
        ],
      }),
    );
    const messages = async (query: Parameters<Store['activities']>[0]) =>
      (await store().activities(query)).map(({ message }) => message).join('');
    const all = await store().activities({ limit: 10 });
    expect(await messages({ groups: ['web', 'nobody'], limit: 10 })).toBe('ad');
    expect(await messages({ groups: [], limit: 10 })).toBe('');
    expect(await messages({ reasons: ['launch', 'drained'], limit: 10 })).toBe('abd');
    expect(await messages({ beforeSequence: all[2]?.sequence ?? 0, limit: 1 })).toBe('b');
  });
}
