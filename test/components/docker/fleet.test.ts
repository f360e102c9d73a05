import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { RealFleet } from '../../support/fleet.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

const PATIENCE_MS = 60_000;

requires('docker')('a fleet of containers', () => {
  let engines: readonly [DockerEngine, DockerEngine];
  let fleet: RealFleet | undefined;

  beforeAll(async () => {
    engines = [await DockerEngine.start(), await DockerEngine.start()];
  });
  afterEach(async () => {
    for (const engine of engines) engine.resume();
    await fleet?.end();
    fleet = undefined;
  });
  afterAll(async () => {
    for (const engine of engines) await engine.dispose();
  });

  const containers = async () => [...(await engines[0].containers()), ...(await engines[1].containers())];

  requires('haproxy')('behind HAProxy', () => {
    it('heals, scales and goes without a failed request, also while a host cannot be seen', async () => {
      const created = await RealFleet.create({ deregistrationDelay: '5s', healthCheckGracePeriod: '30s' });
      fleet = created;
      const [a, b] = engines;
      const provider = { type: 'docker', hosts: { a: { engine: a.host }, b: { engine: b.host } } };
      const template = { image: TINY_WEB, pull: 'never', publishedPorts: [80] };
      await created.comeFrom({ provider, template, port: 80, slowChecks: true });
      await created.start();
      const before = await created.settle(3, PATIENCE_MS);
      expect([(await a.containers()).length, (await b.containers()).length].toSorted()).toEqual([1, 2]);
      const load = new Load(created.url, { clients: 4, pauseMs: 20 });
      await created.until('the load is under way', async () => load.requests > 50);

      const [victim = ''] = await a.containers();
      await a.kill(victim);
      await created.untilActivity('machineStopped');
      await created.until('it is replaced', async () => !(await containers()).includes(victim));
      await created.settle(3, PATIENCE_MS);
      expect(before.some(({ id }) => victim.endsWith(id))).toBe(true);

      // Its servers go on, and none is replaced.
      const known = (await containers()).toSorted();
      b.suspend();
      await created.untilActivity('zoneUnseen');
      b.resume();
      await created.untilActivity('zoneVisible');
      expect((await containers()).toSorted()).toEqual(known);

      await writeFile(created.desiredFile, '5\n');
      await created.settle(5, PATIENCE_MS);
      await writeFile(created.desiredFile, '2\n');
      await created.settle(2, PATIENCE_MS);
      expect([(await a.containers()).length, (await b.containers()).length]).toEqual([1, 1]);
      expect((await load.stop()).failures).toEqual([]);

      await created.end();
      fleet = undefined;
      expect(await containers()).toEqual([]);
    });
  });
});
