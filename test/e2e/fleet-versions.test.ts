import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { Load } from '../support/load.ts';
import { processesWith } from '../support/processes.ts';
import { requires } from '../support/requires.ts';

requires('haproxy')('versions of the fleet', () => {
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  it('a fleet that the API owns changes, and comes back, without a failed request', async () => {
    fleet = await RealFleet.create({ ownedByApi: true, desiredCapacity: 2 });
    const one = fleet;
    await one.start();
    expect(await one.status()).toMatchObject({ fleet: '', fleetVersion: 0, fleetFile: null });
    expect(await one.drover('apply', one.fleetFile, '--yes')).toMatchObject({ code: 0 });
    await one.settle(2);
    const load = new Load(one.url);
    await one.edit((text) =>
      text.replace('  hello:\n    healthCheck', '  hello:\n    algorithm: random\n    healthCheck'),
    );
    expect(await one.drover('apply', one.fleetFile, '--yes')).toMatchObject({ code: 0 });
    await one.untilActivity('loadBalancerReloaded');
    const { code, said } = await one.drover('fleet', 'rollback', '1', '--yes');
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('The fleet is at version 3.') });
    const rolledBack = (await one.activities()).findLast(({ reason }) => reason === 'fleetChanged');
    await one.untilActivity('loadBalancerReloaded', rolledBack?.sequence);
    const loaded = load.requests + 200;
    await one.until('the load goes on', async () => load.requests > loaded);
    expect((await load.stop()).failures).toEqual([]);
    await expect(one.client.rollbackFleet(2, 1)).rejects.toMatchObject({ code: 'staleVersion' });
    await one.killController();
    await one.start();
    expect(await one.status()).toMatchObject({ fleetVersion: 3, groups: [{ inService: 2 }] });
  });

  it('killed in the middle of a reload, the next start goes on with it', async () => {
    fleet = await RealFleet.create({ desiredCapacity: 1 });
    const one = fleet;
    await one.start();
    await one.settle(1);
    const before = await processesWith(join(one.haproxyFolder, 'haproxy.cfg'));
    expect(before.length).toBeGreaterThan(0);
    await one.edit((text) => text.replace('loadBalancers:\n  web:', 'loadBalancers:\n  edge:'));
    const reload = one.client.reloadFleet().catch(() => 'killed');
    await one.until('it is recorded', async () => (await one.status()).fleetVersion === 2);
    await one.killController();
    await reload;
    await one.start();
    await one.until('the old load balancer is gone', async () => {
      return (await processesWith(join(one.haproxyFolder, 'haproxy.cfg'))).length === 0;
    });
    await one.settle(1);
    expect((await fetch(one.url)).status).toBe(200);
    expect((await one.status()).loadBalancers.map(({ name, state }) => ({ name, state }))).toEqual([
      { name: 'edge', state: 'running' },
    ]);
  });
});
