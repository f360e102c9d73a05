import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { Load } from '../../support/load.ts';
import { kill } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';
import { StaticWorld } from '../../support/static-world.ts';

const PATIENCE_MS = 60_000;

requires('sshd')("a fleet of hosts of one's own", () => {
  let world: StaticWorld | undefined;
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    await world?.dispose();
    fleet = undefined;
    world = undefined;
  });

  requires('haproxy')('behind HAProxy', () => {
    it('keeps a server that is brought back, and says so', async () => {
      const made = await StaticWorld.ssh(2);
      world = made;
      const created = await RealFleet.create();
      fleet = created;
      const template = made.template({ restart: ['./service', 'restart'] });
      await created.comeFrom({ provider: { type: 'static', ...made.entry() }, template, port: 8080 });
      await writeFile(created.desiredFile, '1\n');
      await created.start();
      const [before] = await created.settle(1, PATIENCE_MS);
      kill((await made.pidOn(Number(before?.zone?.slice(1)))) ?? 0);
      await created.untilActivity('repairing');
      const { sequence } = await created.untilActivity('recovered');
      expect((await created.settle(1, PATIENCE_MS)).map(({ id }) => id)).toEqual([before?.id]);
      const since = (await created.allActivities()).filter((one) => one.sequence <= sequence);
      expect(since.map(({ reason }) => reason)).not.toContain('replaceUnhealthy');
    });

    it('heals, scales and goes without a failed request', async () => {
      const made = await StaticWorld.ssh(5);
      world = made;
      const created = await RealFleet.create({ deregistrationDelay: '5s' });
      fleet = created;
      await created.comeFrom({
        provider: { type: 'static', ...made.entry({ quarantine: '1h' }) },
        template: made.template(),
        port: 8080,
      });
      await created.start();
      const before = await created.settle(3, PATIENCE_MS);
      const load = new Load(created.url, { clients: 4, pauseMs: 20 });
      await created.until('the load is under way', async () => load.requests > 50);

      // A server is killed on its host: what was open on it, HAProxy asks of another. Its host is left alone from then on.
      const victim = before[0];
      const host = Number(victim?.zone?.slice(1));
      kill((await made.pidOn(host)) ?? 0);
      await created.until(
        'it is replaced',
        async () => !(await created.instances()).some(({ id }) => id === victim?.id),
        PATIENCE_MS,
      );
      const healed = await created.settle(3, PATIENCE_MS);
      expect(healed.map(({ zone }) => zone)).not.toContain(victim?.zone);

      await writeFile(created.desiredFile, '4\n');
      const four = await created.settle(4, PATIENCE_MS);
      expect(new Set(four.map(({ zone }) => zone)).size).toBe(4);
      await writeFile(created.desiredFile, '2\n');
      await created.settle(2, PATIENCE_MS);
      expect((await load.stop()).failures).toEqual([]);

      await created.end();
      fleet = undefined;
      for (const index of made.hosts.addresses.keys()) {
        expect(existsSync(join(made.hosts.home(index), 'drover', 'claim'))).toBe(false);
        expect(await made.pidOn(index)).toBeNull();
      }
    });
  });
});
