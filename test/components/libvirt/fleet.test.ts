import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { guestSettings } from '../../support/libvirt-world.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

/** Machines that are emulated boot as slowly as the host is busy. */
const PATIENCE_MS = 120_000;

requires('libvirt')('a fleet of virtual machines', () => {
  let host: LibvirtHost;
  let fleet: RealFleet | undefined;

  beforeAll(async () => {
    host = await LibvirtHost.start();
  });
  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });
  afterAll(() => host.dispose());

  requires('haproxy')('behind HAProxy', () => {
    it('heals, scales and goes without a failed request', async () => {
      const created = await RealFleet.create({ deregistrationDelay: '5s', healthCheckGracePeriod: '90s' });
      fleet = created;
      await created.comeFrom({
        provider: { type: 'libvirt', uri: host.uri },
        template: guestSettings,
        port: 80,
        slowChecks: true,
      });
      await created.start();
      const before = await created.settle(3, PATIENCE_MS);
      const load = new Load(created.url, { clients: 4, pauseMs: 50 });
      await created.until('the load is under way', async () => load.requests > 50);

      // Its process is killed from outside: what was open on it, HAProxy asks of another.
      const victim = before[0]?.id ?? '';
      const [domain = ''] = (await host.domains()).filter((name) => name.endsWith(victim));
      await host.kill(domain);
      await created.untilActivity('machineStopped');
      await created.until('it is replaced', async () => !(await created.instances()).some(({ id }) => id === victim));
      await created.settle(3, PATIENCE_MS);

      await writeFile(created.desiredFile, '4\n');
      await created.settle(4, PATIENCE_MS);
      await writeFile(created.desiredFile, '2\n');
      await created.settle(2, PATIENCE_MS);
      expect(await host.domains()).toHaveLength(2);
      const { failures, answers } = await load.stop();
      expect(failures).toEqual([]);
      expect(answers.size).toBe(5);

      await created.end();
      fleet = undefined;
      expect(await host.domains()).toEqual([]);
    });
  });
});
