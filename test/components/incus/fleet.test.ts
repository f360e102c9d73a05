import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { IncusHost } from '../../support/incus-host.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

requires('incus')('a fleet of Incus containers', () => {
  let host: IncusHost;
  let fleet: RealFleet | undefined;

  beforeAll(async () => {
    host = await IncusHost.start();
  });
  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });
  afterAll(() => host.dispose());

  requires('haproxy')('behind HAProxy', () => {
    it('heals, scales and goes without a failed request', async () => {
      const created = await RealFleet.create({ deregistrationDelay: '5s' });
      fleet = created;
      await created.comeFrom({
        provider: { type: 'incus', socket: host.socket },
        template: { image: 'tiny', stopTimeout: '5s' },
        port: 80,
      });
      await created.start();
      const before = await created.settle(3, 60_000);
      const load = new Load(created.url, { clients: 4, pauseMs: 10 });
      await created.until('the load is under way', async () => load.requests > 50);

      // Its first process is killed from outside: what was open on it, HAProxy asks of another.
      const victim = before[0]?.id ?? '';
      const [name = ''] = (await host.instances()).filter((one) => one.includes(victim));
      await host.kill(name);
      await created.untilActivity('machineStopped');
      await created.until('it is replaced', async () => !(await created.instances()).some(({ id }) => id === victim));
      await created.settle(3, 60_000);

      await writeFile(created.desiredFile, '5\n');
      await created.settle(5, 60_000);
      await writeFile(created.desiredFile, '2\n');
      await created.settle(2, 60_000);
      expect(await host.instances()).toHaveLength(2);
      const { failures, answers } = await load.stop();
      expect(failures).toEqual([]);
      expect(answers.size).toBe(6);

      await created.end();
      fleet = undefined;
      expect(await host.instances()).toEqual([]);
    });
  });
});
