import { beforeEach, describe, expect, it } from 'vitest';
import type { NotificationCursor } from '../../src/model/notification.ts';
import type { Store } from '../../src/ports/store.ts';
import { aChange, anActivity } from './store-examples.ts';

/** What a store keeps of the destinations of notifications. */
export function describeNotificationCursors(open: () => Promise<Store>): void {
  describe('cursors of notifications', () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });

    const cursor = (name: string, changes: Partial<NotificationCursor> = {}): NotificationCursor => ({
      name,
      delivered: 7,
      pending: { id: 'msg_1', through: 9 },
      lastDeliveredAt: 1_000,
      failing: { since: 2_000, why: 'HTTP 500' },
      disabled: { since: 3_000, why: 'HTTP 410', settings: '{}' },
      ...changes,
    });
    const NOTHING = { pending: null, lastDeliveredAt: null, failing: null, disabled: null };

    it('has none at first', async () => {
      expect(await store.notificationCursors()).toEqual([]);
    });

    it('keeps and replaces each, by its name', async () => {
      await store.commit(aChange({ notificationCursors: [cursor('mail'), cursor('chat', NOTHING)] }));
      await store.commit(aChange({ notificationCursors: [cursor('mail', { ...NOTHING, delivered: 9 })] }));
      expect(await (await open()).notificationCursors()).toEqual([
        cursor('chat', NOTHING),
        cursor('mail', { ...NOTHING, delivered: 9 }),
      ]);
    });

    it('forgets those that have ended', async () => {
      await store.commit(aChange({ notificationCursors: [cursor('mail'), cursor('chat')] }));
      await store.commit(aChange({ endedNotifications: ['mail', 'unknown'] }));
      expect((await store.notificationCursors()).map(({ name }) => name)).toEqual(['chat']);
    });

    it('records one with its activities, or neither', async () => {
      const broken = { ...cursor('mail'), delivered: 1.5 };
      await expect(
        store.commit(aChange({ activities: [anActivity()], notificationCursors: [broken] })),
      ).rejects.toMatchObject({ code: 'storeRecordUntrusted' });
      expect(await store.activities({ limit: 10 })).toEqual([]);
    });
  });
}
