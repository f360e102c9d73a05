import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EXEC_EXAMPLES, ExecWorld, ownAddresses } from '../../support/exec-world.ts';
import { RealFleet } from '../../support/fleet.ts';
import { freePort } from '../../support/free-ports.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { Load } from '../../support/load.ts';
import { terminated } from '../../support/process-world.ts';
import { processesWith } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';

const AT_REST = 'listInterval: 1s, listGap: 100ms';

/** A script of the examples as the provider of a whole fleet, and what its target group and launch template need. */
const providers = {
  'a shell script': async () => ({
    provider: `{ type: exec, command: [./provider.sh], workingDirectory: ${EXEC_EXAMPLES}, ports: assigned, ${AT_REST}, environment: { SERVER: ./server.py, FIRST_PORT: "${await freePort()}" } }`,
    targetGroup: '',
    template: '{ provider: own }',
  }),
  'a Python script': async (folder: string) => {
    const file = join(folder, 'pool.json');
    await writeFile(file, JSON.stringify({ 'rack-1': ownAddresses(6), 'rack-2': ownAddresses(6) }));
    return {
      provider: `{ type: exec, command: [./provider.py], workingDirectory: ${EXEC_EXAMPLES}, zones: [rack-1, rack-2], ${AT_REST}, environment: { POOL: ${file} } }`,
      targetGroup: 'port: 8080',
      template: '{ provider: own, settings: { command: [./server.py] } }',
    };
  },
};

requires('python3')('the examples of exec', () => {
  requires('haproxy')('a fleet whose provider is', () => {
    let fleet: RealFleet | undefined;

    afterEach(async () => {
      await fleet?.end();
      fleet = undefined;
    });

    it.each(Object.entries(providers))('%s heals, scales and goes without a failed request', async (_, make) => {
      fleet = await RealFleet.create({ deregistrationDelay: '5s' });
      const { provider, targetGroup, template } = await make(fleet.folder);
      await fleet.edit((text) =>
        text
          .replace('loadBalancers:', `providers:\n  own: ${provider}\nloadBalancers:`)
          .replace('    deregistrationDelay', `    ${targetGroup}\n    deregistrationDelay`)
          .replace(/launchTemplate: .*/, `launchTemplate: ${template}`),
      );
      await fleet.start();
      const before = await fleet.settle(3);
      const load = new Load(fleet.url, { pauseMs: 10 });
      await fleet.until('the load is under way', async () => load.requests > 50);

      // One is killed from outside: what was open on it, HAProxy asks of another.
      const [victim] = before;
      const [killed] = await processesWith(`DROVER_INSTANCE_ID=${victim?.id}`);
      process.kill(killed?.pid ?? 0, 'SIGKILL');
      await fleet.until('it is gone', async () => !(await fleet?.instances())?.some(({ id }) => id === victim?.id));
      await fleet.settle(3);

      await writeFile(fleet.desiredFile, '5\n');
      await fleet.settle(5);
      await writeFile(fleet.desiredFile, '2\n');
      await fleet.settle(2);
      expect((await load.stop()).failures).toEqual([]);

      const { dataDir } = fleet;
      await fleet.end();
      fleet = undefined;
      expect(await processesWith(`DROVER_DATA_DIR=${join(dataDir, 'providers', 'own')}`)).toEqual([]);
    });
  });

  it.each([
    ['shell', ExecWorld.shell],
    ['Python', () => ExecWorld.python()],
  ])('the %s script starts one server, wherever its launch is killed', async (_, make) => {
    const world = await make();
    try {
      const provider = await world.open('shop');
      for (const [index, stage] of ['log', 'lock', 'pid'].entries()) {
        const stop = new AbortController();
        const request = launchRequest(`i-${index}`, { settings: world.settings });
        const killed = provider.launch(request, stop.signal).catch(() => 'killed');
        const file = join(world.dataDir, 'shop', request.instanceId, stage);
        await expect.poll(() => existsSync(file), { interval: 1 }).toBe(true);
        stop.abort();
        await killed;
        const { signal } = new AbortController();
        const machine = await provider.launch(request, signal);
        expect(machine).toMatchObject({ state: 'running' });
        await expect.poll(() => processesWith(`DROVER_DATA_DIR=${world.dataDir}`)).toHaveLength(1);
        await terminated(provider, machine.id);
        await expect.poll(() => processesWith(`DROVER_DATA_DIR=${world.dataDir}`)).toEqual([]);
      }
    } finally {
      await world.dispose();
    }
  });

  describe('the Python script', () => {
    it('says NoCapacity for a zone without a free address, and gives those of another', async () => {
      const world = await ExecWorld.python({ 'rack-1': ownAddresses(1), 'rack-2': ownAddresses(1) });
      try {
        const provider = await world.open('shop');
        const { signal } = new AbortController();
        const launch = (id: string, zone: string) =>
          provider.launch(
            launchRequest(id, { settings: world.settings, placement: { zone, instanceType: null } }),
            signal,
          );
        expect(await launch('i-1', 'rack-1')).toMatchObject({ zone: 'rack-1', state: 'running' });
        await expect(launch('i-2', 'rack-1')).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'poolFull' });
        expect(await launch('i-3', 'rack-2')).toMatchObject({ zone: 'rack-2' });
        expect((await provider.list(signal)).machines.map(({ instanceId }) => instanceId)).toEqual(['i-1', 'i-3']);
        // What was launched is found again where nothing is free any more.
        expect(await launch('i-1', 'rack-1')).toMatchObject({ zone: 'rack-1', state: 'running' });
      } finally {
        await world.dispose();
      }
    });
  });
});
