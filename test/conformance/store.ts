import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_HISTORY, type History } from '../../src/model/fleet.ts';
import { EMPTY_MEMORY } from '../../src/model/group-memory.ts';
import type { ActivityQuery, Store } from '../../src/ports/store.ts';
import { aChange, anActivity, anInstance, EVERY_STATE, MEMORY } from './store-examples.ts';
import { describeFleetVersions } from './store-fleet-versions.ts';
import { describeHistory } from './store-history.ts';
import { describeLeases } from './store-leases.ts';
import { describeNotificationCursors } from './store-notifications.ts';

/** One set of stored data, empty at first. */
export interface StoreHarness {
  /** Opens the data anew; the store before may or may not have been closed. */
  open(): Promise<Store>;
  /** Closes what is open and deletes the data. */
  remove(): Promise<void>;
}

/** What every implementation of the port `Store` does. */
export function describeStoreConformance(name: string, make: () => Promise<StoreHarness>): void {
  describe(`store conformance: ${name}`, () => {
    let harness: StoreHarness;
    let store: Store;

    beforeEach(async () => {
      harness = await make();
      store = await harness.open();
    });
    afterEach(() => harness.remove());

    const messages = async (query: ActivityQuery) => (await store.activities(query)).map(({ message }) => message);

    describe('state', () => {
      it('is empty at first', async () => {
        expect(await store.load()).toEqual({ groups: new Map(), instances: [] });
        expect(await store.activities({ limit: 10 })).toEqual([]);
      });

      it.each(Object.values(EVERY_STATE).filter((state) => state.name !== 'terminated'))(
        'keeps an instance that is $name',
        async (state) => {
          const instance = anInstance('i-1', { state });
          await store.commit(aChange({ instances: [instance] }));
          expect((await store.load()).instances).toEqual([instance]);
        },
      );

      it('keeps what may be absent, and each kind of health', async () => {
        const instances = [
          anInstance('i-1', { machine: null, health: { status: 'unknown', since: 1 } }),
          anInstance('i-2', {
            machine: { id: 'm', addresses: [], ports: null, seenAt: 1 },
            request: { kind: 'drain', at: 2 },
          }),
          anInstance('i-3', { health: { status: 'unhealthy', since: 1, detail: 'exited\n"1"' } }),
        ];
        await store.commit(aChange({ instances }));
        expect((await store.load()).instances).toEqual(instances);
      });

      it('does not return terminated instances', async () => {
        const alive = anInstance('i-2');
        await store.commit(aChange({ instances: [anInstance('i-1'), alive] }));
        await store.commit(aChange({ instances: [anInstance('i-1', { state: EVERY_STATE.terminated })] }));
        expect((await store.load()).instances).toEqual([alive]);
      });

      it('returns instances in the order of creation, whatever their ids, clocks and later changes', async () => {
        await store.commit(aChange({ instances: [anInstance('z', { createdAt: 9 }), anInstance('m')] }));
        await store.commit(aChange({ instances: [anInstance('a', { createdAt: 1 })] }));
        await store.commit(aChange({ instances: [anInstance('z', { createdAt: 9, state: EVERY_STATE.booting })] }));
        expect((await store.load()).instances.map(({ id }) => id)).toEqual(['z', 'm', 'a']);
      });

      it('keeps and replaces the memory of each group', async () => {
        await store.commit(aChange({ memory: { group: 'web', value: EMPTY_MEMORY } }));
        await store.commit(aChange({ memory: { group: 'workers', value: { ...MEMORY, file: null } } }));
        await store.commit(aChange({ memory: { group: 'web', value: MEMORY } }));
        expect((await store.load()).groups).toEqual(
          new Map([
            ['web', MEMORY],
            ['workers', { ...MEMORY, file: null }],
          ]),
        );
      });

      it('takes many instances at once', async () => {
        const instances = Array.from({ length: 1_234 }, (_, index) => anInstance(`i-${index}`));
        await store.commit(aChange({ instances }));
        expect((await store.load()).instances).toEqual(instances);
      });

      it('is there after the data was opened anew', async () => {
        const instance = anInstance('i-1');
        await store.commit(
          aChange({ memory: { group: 'web', value: MEMORY }, instances: [instance], activities: [anActivity()] }),
        );
        await store.close();
        store = await harness.open();
        expect(await store.load()).toEqual({ groups: new Map([['web', MEMORY]]), instances: [instance] });
        expect(await store.activities({ limit: 10 })).toEqual([{ sequence: expect.any(Number), ...anActivity() }]);
      });
    });

    describe('commit', () => {
      it('that fails leaves nothing', async () => {
        await store.commit(aChange({ memory: { group: 'web', value: EMPTY_MEMORY }, instances: [anInstance('i-1')] }));
        const before = await store.load();
        const unreadable = anInstance('i-3', { createdAt: Number.NaN });
        const failing = store.commit(
          aChange({
            memory: { group: 'web', value: MEMORY },
            instances: [anInstance('i-1', { state: EVERY_STATE.draining }), anInstance('i-2'), unreadable],
            activities: [anActivity()],
          }),
        );
        await expect(failing).rejects.toMatchObject({ name: 'PortError', reaction: 'Invalid' });
        expect(await store.load()).toEqual(before);
        expect(await store.activities({ limit: 10 })).toEqual([]);
        await store.commit(aChange({ instances: [anInstance('i-2')] }));
        expect((await store.load()).instances).toHaveLength(2);
      });

      it('and others at the same time do not mix', async () => {
        const good = (index: number) => store.commit(aChange({ instances: [anInstance(`good-${index}`)] }));
        const bad = (index: number) =>
          store.commit(
            aChange({ instances: [anInstance(`bad-${index}`), anInstance('x', { createdAt: Number.NaN })] }),
          );
        const results = await Promise.allSettled([
          good(0),
          bad(0),
          good(1),
          bad(1),
          store.prune(DEFAULT_HISTORY),
          good(2),
        ]);
        expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2);
        expect((await store.load()).instances.map(({ id }) => id)).toEqual(['good-0', 'good-1', 'good-2']);
      });
    });

    describe('activities', () => {
      beforeEach(() =>
        store.commit(
          aChange({
            activities: [
              anActivity({ message: 'one', group: null, before: null, after: null }),
              anActivity({ message: 'two', level: 'warning', instanceId: 'i-1', cappedBy: 'maxSize', at: 5_000 }),
              anActivity({ message: 'three', level: 'error', group: 'workers', at: 500 }),
              anActivity({ message: 'four', instanceId: 'i-2' }),
            ],
          }),
        ),
      );

      it('come back whole, with ascending sequence numbers, oldest first', async () => {
        const activities = await store.activities({ limit: 10 });
        expect(activities.map(({ message }) => message)).toEqual(['one', 'two', 'three', 'four']);
        const [first = 0, ...rest] = activities.map(({ sequence }) => sequence);
        expect(rest).toEqual([first + 1, first + 2, first + 3]);
        const { sequence, ...second } = activities[1] ?? expect.fail();
        expect(second).toEqual(
          anActivity({ message: 'two', level: 'warning', instanceId: 'i-1', cappedBy: 'maxSize', at: 5_000 }),
        );
      });

      it('are the newest ones where there are more than the limit', async () => {
        expect(await messages({ limit: 2 })).toEqual(['three', 'four']);
      });

      it('can be followed from a sequence number, the oldest first', async () => {
        const [first] = await store.activities({ limit: 10 });
        const afterSequence = first?.sequence ?? expect.fail();
        expect(await messages({ afterSequence, limit: 2 })).toEqual(['two', 'three']);
        expect(await messages({ afterSequence: afterSequence + 3, limit: 2 })).toEqual([]);
        expect(await messages({ afterSequence: 0, limit: 1 })).toEqual(['one']);
      });

      it('can be of a group, of an instance, and at least of a level', async () => {
        expect(await messages({ group: 'web', limit: 10 })).toEqual(['two', 'four']);
        expect(await messages({ group: 'web', limit: 1 })).toEqual(['four']);
        expect(await messages({ instanceId: 'i-1', limit: 10 })).toEqual(['two']);
        expect(await messages({ level: 'info', limit: 10 })).toEqual(['one', 'two', 'three', 'four']);
        expect(await messages({ level: 'warning', limit: 10 })).toEqual(['two', 'three']);
        expect(await messages({ level: 'error', limit: 10 })).toEqual(['three']);
        expect(await messages({ group: 'web', level: 'warning', afterSequence: 0, limit: 10 })).toEqual(['two']);
        expect(await messages({ group: 'nobody', limit: 10 })).toEqual([]);
      });
    });

    describeLeases(() => harness.open());
    describeNotificationCursors(() => harness.open());
    describeFleetVersions(() => store);

    describe('prune', () => {
      const history: History = { activityRows: 3, sampleRows: 2, terminatedInstanceRows: 1 };

      it('deletes the oldest activities beyond the bound, and sequence numbers are not used again', async () => {
        store = await harness.open();
        await store.commit(
          aChange({ activities: ['1', '2', '3', '4', '5'].map((message) => anActivity({ message })) }),
        );
        await store.prune(history);
        expect(await messages({ limit: 10 })).toEqual(['3', '4', '5']);
        await store.prune(history);
        const kept = await store.activities({ limit: 10 });
        expect(kept).toHaveLength(3);
        await store.commit(aChange({ activities: [anActivity({ message: '6' })] }));
        const [next] = await store.activities({ afterSequence: kept[2]?.sequence ?? 0, limit: 10 });
        expect(next?.message).toBe('6');
      });

      it('never touches what is not terminated, nor the memory', async () => {
        store = await harness.open();
        const alive = Object.values(EVERY_STATE)
          .filter(({ name }) => name !== 'terminated')
          .map((state) => anInstance(state.name, { state }));
        const ended = ['a', 'b', 'c'].map((id) => anInstance(id, { state: EVERY_STATE.terminated }));
        await store.commit(aChange({ memory: { group: 'web', value: MEMORY }, instances: [...ended, ...alive] }));
        await store.prune(history);
        expect(await store.load()).toEqual({ groups: new Map([['web', MEMORY]]), instances: alive });
      });

      it('does nothing to an empty store', async () => {
        await store.prune(history);
        expect((await store.load()).instances).toEqual([]);
      });
    });

    describe('metrics', () => {
      const MINUTE = 60_000;
      const HOUR = 60 * MINUTE;
      const DAY = 24 * HOUR;
      /** The beginning of an hour. */
      const START = 500_000 * HOUR;
      const record = (at: number, value: number, metric = 'cpu', group = 'web') =>
        store.recordMetrics(at, [{ group, metric, value }]);
      const history = (bucketMs: number, since = START) => store.metricHistory('web', 'cpu', since, bucketMs);

      it('are averaged by the minute, and by any longer time', async () => {
        await record(START + 1, 10);
        await record(START + 30_000, 20);
        await record(START + MINUTE, 60);
        await record(START + 2 * HOUR + 5 * MINUTE, 0);
        expect(await history(MINUTE)).toEqual([
          { at: START, value: 15 },
          { at: START + MINUTE, value: 60 },
          { at: START + 2 * HOUR + 5 * MINUTE, value: 0 },
        ]);
        expect(await history(HOUR)).toEqual([
          { at: START, value: 30 },
          { at: START + 2 * HOUR, value: 0 },
        ]);
        expect(await history(MINUTE, START + MINUTE)).toHaveLength(2);
      });

      it('of others are left out', async () => {
        await store.recordMetrics(START, [
          { group: 'web', metric: 'cpu', value: 1.5 },
          { group: 'web', metric: 'queue', value: 2 },
          { group: 'workers', metric: 'cpu', value: 3 },
        ]);
        await store.recordMetrics(START, []);
        expect(await history(MINUTE)).toEqual([{ at: START, value: 1.5 }]);
        expect(await store.metricHistory('nobody', 'cpu', 0, MINUTE)).toEqual([]);
      });

      it('are there after the data was opened anew', async () => {
        await record(START, 5);
        await store.close();
        store = await harness.open();
        await record(START, 7);
        expect(await history(MINUTE)).toEqual([{ at: START, value: 6 }]);
      });

      it('that are a week old are kept by the hour', async () => {
        for (const [at, value] of [
          [START, 10],
          [START + MINUTE, 20],
          [START + HOUR, 40],
          [START + HOUR + 10 * MINUTE, 60],
          [START + 7 * DAY + HOUR + 30 * MINUTE, 100],
        ] as const) {
          await record(at, value);
        }
        const hours = await history(HOUR);
        await store.prune(DEFAULT_HISTORY);
        await store.prune(DEFAULT_HISTORY);
        expect(await history(HOUR)).toEqual(hours);
        expect(await history(MINUTE)).toEqual([
          { at: START, value: 15 },
          { at: START + HOUR, value: 40 },
          { at: START + HOUR + 10 * MINUTE, value: 60 },
          { at: START + 7 * DAY + HOUR + 30 * MINUTE, value: 100 },
        ]);
        await record(START + 2 * MINUTE, 30);
        await store.prune(DEFAULT_HISTORY);
        expect((await history(MINUTE))[0]).toEqual({ at: START, value: 20 });
      });

      it('are bounded: minutes become hours, and the oldest hours go', async () => {
        store = await harness.open();
        for (let hour = 0; hour < 6; hour += 1) {
          await record(START + hour * HOUR, hour);
          await record(START + hour * HOUR + MINUTE, hour);
        }
        await store.prune({ activityRows: 100, sampleRows: 6, terminatedInstanceRows: 100 });
        const kept = await history(MINUTE);
        expect(kept.length).toBeLessThanOrEqual(6);
        expect(kept.at(-1)).toEqual({ at: START + 5 * HOUR + MINUTE, value: 5 });
        expect((await history(HOUR)).map(({ value }) => value)).toEqual([2, 3, 4, 5]);
      });
    });

    describe('history', () => describeHistory(() => store));

    it('takes samples, also none', async () => {
      await store.recordSamples({ at: 1_000, traffic: [], health: [] });
      await store.recordSamples({
        at: 1_000,
        traffic: [],
        health: [{ targetGroup: 'web', instanceId: 'i-1', health: 'healthy', detail: 'L7OK/200' }],
      });
    });

    it('refuses work after it was closed', async () => {
      await store.close();
      await expect(store.load()).rejects.toMatchObject({ name: 'PortError' });
    });
  });
}
