import { describe, expect, it } from 'vitest';
import { DEFAULT_HISTORY } from '../../src/model/fleet.ts';
import type { Store } from '../../src/ports/store.ts';
import { KEPT_FLEET_VERSIONS } from '../../src/store/fleet-versions.ts';
import { aChange, anActivity, aVersion } from './store-examples.ts';

/** What every implementation of the port `Store` does with versions of the fleet. */
export function describeFleetVersions(store: () => Store): void {
  describe('versions of the fleet', () => {
    const numbers = async () => (await store().fleetVersions()).map(({ number }) => number);

    it('are kept whole, each with its origin, the newest first', async () => {
      expect(await store().fleetVersions()).toEqual([]);
      expect(await store().fleetVersion(null)).toBeNull();
      const origins = [
        { kind: 'file', path: '/srv/fleet.yaml' },
        { kind: 'api', caller: 'curl/8' },
        { kind: 'rollback', caller: 'drover', to: 1 },
      ] as const;
      const versions = origins.map((origin, index) => aVersion({ number: index + 1, origin }));
      for (const fleetVersion of versions) await store().commit(aChange({ fleetVersion }));
      expect(await store().fleetVersions()).toEqual(versions.map(({ document: _, ...rest }) => rest).reverse());
      expect(await store().fleetVersion(null)).toEqual(versions[2]);
      expect(await store().fleetVersion(2)).toEqual(versions[1]);
      expect(await store().fleetVersion(9)).toBeNull();
    });

    it('of two changes of one version one is recorded, and nothing of the other', async () => {
      const change = (message: string) => aChange({ fleetVersion: aVersion(), activities: [anActivity({ message })] });
      await store().commit(change('first'));
      await expect(store().commit(change('second'))).rejects.toThrow();
      expect(await numbers()).toEqual([1]);
      expect((await store().activities({ limit: 9 })).map(({ message }) => message)).toEqual(['first']);
    });

    it('are bounded, and the newest is never deleted', async () => {
      for (let number = 1; number <= KEPT_FLEET_VERSIONS + 2; number += 1) {
        await store().commit(aChange({ fleetVersion: aVersion({ number }) }));
      }
      await store().prune(DEFAULT_HISTORY);
      const kept = await numbers();
      expect([kept.length, kept.at(-1), kept[0]]).toEqual([KEPT_FLEET_VERSIONS, 3, KEPT_FLEET_VERSIONS + 2]);
    });
  });
}
