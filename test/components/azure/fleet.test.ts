import { writeFile } from 'node:fs/promises';
import { afterEach, expect, it } from 'vitest';
import { LoopbackMachines } from '../../support/azure/loopback-machines.ts';
import { AzureWorld, TEMPLATE } from '../../support/azure/world.ts';
import { RealFleet } from '../../support/fleet.ts';
import { freePorts } from '../../support/free-ports.ts';
import { Load } from '../../support/load.ts';
import { requires } from '../../support/requires.ts';

/** That nothing was made where there was no room is certain after the next list. */
const A_LIST_LATER_MS = 60_000;

requires('haproxy')('a fleet at Azure', () => {
  let world: AzureWorld;
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
    await world.dispose();
  });

  it('heals, scales, falls through to where there is room, and goes without a failed request', async () => {
    const [port = 0] = await freePorts(1);
    const machines = new LoopbackMachines(port);
    world = await AzureWorld.make(machines);
    const { subscription } = world.fake;
    const created = await RealFleet.create({ deregistrationDelay: '5s' });
    fleet = created;
    const { vmSize, ...template } = TEMPLATE;
    const instanceTypes = [vmSize, 'Standard_D2s_v5'];
    const provider = { type: 'azure', ...world.written() };
    await created.comeFrom({ provider, template: { ...template, instanceTypes }, port });
    await created.start();
    const [victim, other] = await created.settle(3);
    const load = new Load(created.url, { clients: 4, pauseMs: 20 });
    await created.until('the load is under way', async () => load.requests > 50);

    // Its process is killed: Azure says that the machine runs, HAProxy says that it does not answer.
    machines.kill(victim?.machineId ?? '');
    await created.until('it is replaced', async () => !(await created.instances()).some(({ id }) => id === victim?.id));
    await created.settle(3);

    // No zone has room for the first size any more.
    subscription.conditions.full.add('Standard_B2s');
    await writeFile(created.desiredFile, '5\n');
    await created.until('five serve', async () => (await created.inService()).length === 5);
    const sizes = subscription
      .list('virtualMachines')
      .map(({ properties }) => (properties.hardwareProfile as { vmSize: string }).vmSize);
    expect(sizes.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'Standard_B2s'),
      ...Array.from({ length: 2 }, () => 'Standard_D2s_v5'),
    ]);
    const zones = subscription.list('virtualMachines').map((vm) => vm.zones?.[0]);
    expect(new Set(zones)).toEqual(new Set(['1', '2']));

    await writeFile(created.desiredFile, '2\n');
    await created.settle(2, A_LIST_LATER_MS);
    const { failures, answers } = await load.stop();
    expect(failures).toEqual([]);
    expect(answers.size).toBe(6);
    expect(subscription.list('virtualMachines')).toHaveLength(2);
    expect(other?.zone).toMatch(/^[12]$/);

    await created.end();
    fleet = undefined;
    expect(subscription.names).toEqual([]);
    expect(machines.size).toBe(0);
  });
});
