import { writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../../support/fleet.ts';
import { freePorts } from '../../support/free-ports.ts';
import { LoopbackServers } from '../../support/hetzner/loopback-servers.ts';
import { HetznerWorld } from '../../support/hetzner/world.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

requires('haproxy')('a fleet at Hetzner', () => {
  let world: HetznerWorld;
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
    await world.dispose();
  });

  it('heals, scales and goes without a failed request', async () => {
    const [port = 0] = await freePorts(1);
    const servers = new LoopbackServers(port);
    world = await HetznerWorld.make({ machines: servers });
    const created = await RealFleet.create({ deregistrationDelay: '5s' });
    fleet = created;
    const provider = {
      type: 'hetzner',
      token: { variable: 'DROVER_TEST_HETZNER_TOKEN' },
      endpoint: world.fake.endpoint,
      locations: ['nbg1'],
    };
    const template = {
      image: 'debian-13',
      serverType: 'cx23',
      sshKeys: ['ops'],
      placementGroup: 'spread',
    };
    await created.comeFrom({ provider, template, port });
    await created.start();
    const [victim] = await created.settle(3);
    const load = new Load(created.url, { clients: 4, pauseMs: 20 });
    await created.until('the load is under way', async () => load.requests > 50);

    // Its process is killed: Hetzner says that the server runs, HAProxy says that it does not answer.
    servers.kill(Number(victim?.machineId));
    await created.until('it is replaced', async () => !(await created.instances()).some(({ id }) => id === victim?.id));
    await created.settle(3);

    await writeFile(created.desiredFile, '5\n');
    await created.settle(5);
    await writeFile(created.desiredFile, '2\n');
    await created.settle(2);
    const { failures, answers } = await load.stop();
    expect(failures).toEqual([]);
    expect(answers.size).toBe(6);
    expect(world.fake.project.servers).toHaveLength(2);

    await created.end();
    fleet = undefined;
    expect(world.fake.project.servers).toEqual([]);
    expect(world.fake.project.placementGroups).toEqual([]);
    expect(servers.size).toBe(0);
  });
});
