import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { RealFleet } from '../../support/fleet.ts';
import { freeNetwork } from '../../support/free-network.ts';
import { Load } from '../../support/load.ts';
import { processesWith } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';

/** Vagrant takes seconds where the host is busy. */
const PATIENCE_MS = 120_000;

requires('vagrant')('a fleet of machines of Vagrant', () => {
  let engine: DockerEngine;
  let fleet: RealFleet | undefined;

  beforeAll(async () => {
    engine = await DockerEngine.start();
  });
  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });
  afterAll(() => engine.dispose());

  requires('haproxy')('behind HAProxy', () => {
    it('heals, scales and goes without a failed request', async () => {
      const created = await RealFleet.create({ deregistrationDelay: '5s', healthCheckGracePeriod: '60s' });
      fleet = created;
      const provider = {
        type: 'vagrant',
        vagrantProvider: 'docker',
        home: 'vagrant',
        dockerHost: engine.host,
        privateNetwork: { network: `${freeNetwork(26)}.0/24` },
      };
      const template = { providerSettings: { image: TINY_WEB } };
      await created.comeFrom({ provider, template, port: 80, slowChecks: true });
      await created.start();
      const before = await created.settle(3, PATIENCE_MS);
      const endpoints = async () => new Set((await created.inService()).map(({ endpoint }) => endpoint));
      const given = await endpoints();
      const load = new Load(created.url, { clients: 4, pauseMs: 20 });
      await created.until('the load is under way', async () => load.requests > 50);

      // Killed from outside: what was open on it, HAProxy asks of another. A new one takes its place, under a new name and at a new address.
      const victim = before[0]?.id ?? '';
      const [container = ''] = (await engine.containers()).filter((name) => name.endsWith(victim));
      await engine.docker('kill', container);
      await created.untilActivity('machineStopped');
      await created.until('it is replaced', async () => !(await created.instances()).some(({ id }) => id === victim));
      await created.settle(3, PATIENCE_MS);
      const now = await endpoints();
      expect([...now].filter((endpoint) => given.has(endpoint))).toHaveLength(2);
      expect(await engine.containers()).not.toContain(container);

      await writeFile(created.desiredFile, '4\n');
      await created.settle(4, PATIENCE_MS);
      await writeFile(created.desiredFile, '2\n');
      await created.settle(2, PATIENCE_MS);
      expect(await engine.containers()).toHaveLength(2);
      const folders = () => readdir(join(created.dataDir, 'providers', 'origin'));
      await created.until('their folders have gone', async () => (await folders()).length === 2);
      const { failures, answers } = await load.stop();
      expect(failures).toEqual([]);
      expect(answers.size).toBe(5);

      await created.end();
      fleet = undefined;
      expect(await engine.containers()).toEqual([]);
      expect(await engine.networks()).toEqual([]);
      await expect(access(created.folder)).rejects.toThrow();
    });

    it('has no server twice after a controller that was killed in the middle of its launches', async () => {
      const created = await RealFleet.create({ desiredCapacity: 2, deregistrationDelay: '1s' });
      fleet = created;
      const provider = { type: 'vagrant', vagrantProvider: 'docker', home: 'vagrant', dockerHost: engine.host };
      const template = { providerSettings: { image: TINY_WEB } };
      await created.comeFrom({ provider, template, port: 80 });
      await created.start();
      // Vagrant goes on by itself, and has nobody to say anything to.
      await created.until(
        'vagrant is at work',
        async () => (await processesWith(`VAGRANT_CWD=${created.dataDir}`)).length > 0,
      );
      await created.killController();
      await created.start();
      await created.settle(2, PATIENCE_MS);
      await expect.poll(() => engine.containers(), { timeout: PATIENCE_MS }).toHaveLength(2);
      await created.end();
      fleet = undefined;
      expect(await engine.containers()).toEqual([]);
    });
  });
});
