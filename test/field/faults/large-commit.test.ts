/** A commit of thousands of records lets others have their turn, and is still one transaction. */

import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { PLAIN_ACTIVITY } from '../../../src/model/activity.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { NOW, snapshotOf } from '../../support/snapshot.ts';

const MANY = 3_000;

async function committed(count: number) {
  const database = new DatabaseSync(':memory:');
  let pauses = 0;
  const seen = new Set<number>();
  const clock = {
    sleep: async () => {
      pauses += 1;
      seen.add(Number(database.prepare('select count(*) as count from instances').get()?.count));
      expect(database.isTransaction).toBe(true);
    },
  };
  const store = await openSqliteStore({ database, clock });
  const { instances } = snapshotOf(Array.from({ length: count }, (_, index) => ({ id: `i-${index}` })));
  const activities = instances.map(({ id }) => ({
    ...PLAIN_ACTIVITY,
    at: NOW,
    instanceId: id,
    reason: 'launch' as const,
    message: id,
  }));
  await store.commit({ memory: null, instances, activities });
  const stored = (await store.load()).instances.length;
  await store.close();
  return { pauses, stored, seen: [...seen] };
}

it('a large commit is made in pieces of one transaction', async () => {
  const { pauses, stored, seen } = await committed(MANY);
  expect(stored).toBe(MANY);
  expect(pauses).toBeGreaterThanOrEqual(10);
  expect(Math.min(...seen)).toBeLessThanOrEqual(512);
});

it('a small one is made in one go', async () => {
  expect(await committed(100)).toMatchObject({ pauses: 0, stored: 100 });
});
