import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { aChange, anActivity, anInstance, MEMORY } from './store-examples.ts';

/** What a store does with the lease under which a change was decided. */
export function describeLeases(open: () => Promise<Store>): void {
  describe('leases', () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });

    const web = (leaseEpoch: number, id: string) =>
      aChange({
        memory: { group: 'web', value: MEMORY },
        instances: [anInstance(id)],
        activities: [anActivity({ message: id })],
        leaseEpoch,
      });
    const ids = async () => (await store.load()).instances.map(({ id }) => id);

    it('takes changes of one lease, and of a later one', async () => {
      for (const [epoch, id] of [
        [1, 'i-1'],
        [1, 'i-2'],
        [3, 'i-3'],
      ] as const) {
        await store.commit(web(epoch, id));
      }
      expect(await ids()).toEqual(['i-1', 'i-2', 'i-3']);
    });

    it('refuses the whole of a change of an earlier lease, of whichever of its groups', async () => {
      await store.commit(web(2, 'i-1'));
      await expect(store.commit(web(1, 'i-2'))).rejects.toMatchObject({ code: 'leaseLost' });
      const others = [anInstance('i-3', { group: 'api' }), anInstance('i-4')];
      await expect(store.commit(aChange({ instances: others, leaseEpoch: 1 }))).rejects.toMatchObject({
        code: 'leaseLost',
      });
      expect(await ids()).toEqual(['i-1']);
      expect(await store.activities({ limit: 10 })).toHaveLength(1);
    });

    it('does not mix the leases of two groups', async () => {
      await store.commit(web(5, 'i-1'));
      await store.commit(aChange({ instances: [anInstance('i-2', { group: 'api' })], leaseEpoch: 1 }));
      expect(await ids()).toEqual(['i-1', 'i-2']);
    });

    it('asks for none of a change without one', async () => {
      await store.commit(web(5, 'i-1'));
      await store.commit(aChange({ instances: [anInstance('i-2')] }));
      expect(await ids()).toEqual(['i-1', 'i-2']);
    });
  });
}
