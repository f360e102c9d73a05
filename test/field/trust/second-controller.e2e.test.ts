import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesIn } from '../../../src/store/presence.ts';
import { RealFleet } from '../../support/fleet.ts';
import { processesWith } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';

/** What a person may remove under a running controller, so that nothing keeps a second one from starting. */
const losses: readonly (readonly [string, (fleet: RealFleet) => Promise<void>])[] = [
  ['its lock', (fleet) => rm(filesIn(fleet.dataDir).lock)],
  ['its data folder', (fleet) => rename(fleet.dataDir, `${fleet.dataDir}.old`)],
];

requires('haproxy')('a controller', () => {
  it.each(losses)('that loses %s lets go, and the next one ends no server', async (_, lose) => {
    const fleet = await RealFleet.create({ desiredCapacity: 2 });
    try {
      const first = fleet.spawnController();
      await fleet.until('the controller answers', () =>
        fleet.status().then(
          () => true,
          () => false,
        ),
      );
      await fleet.settle(2);
      const servers = await serversOf(fleet);
      const ended = once(first, 'exit');
      await lose(fleet);
      expect(await ended).toEqual([1, null]);
      expect(fleet.output).toContain('was removed or replaced under this controller, which does nothing more');
      await fleet.start();
      await fleet.settle(2);
      expect(await serversOf(fleet)).toEqual(servers);
      const reasons = (await fleet.allActivities()).map(({ reason }) => reason);
      expect(reasons).not.toContain('orphanFound');
      expect((await fetch(fleet.url)).status).toBe(200);
    } finally {
      await fleet.end();
    }
    expect(await processesWith(fleet.folder)).toEqual([]);
  });
});

async function serversOf(fleet: RealFleet): Promise<readonly number[]> {
  const processes = await processesWith(join('examples', 'hello', 'server.js'));
  const ours = new Set((await processesWith(fleet.folder)).map(({ pid }) => pid));
  return processes
    .map(({ pid }) => pid)
    .filter((pid) => ours.has(pid))
    .toSorted((a, b) => a - b);
}
