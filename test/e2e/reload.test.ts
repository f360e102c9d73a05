import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { Load } from '../support/load.ts';
import { requires } from '../support/requires.ts';

requires('haproxy')('a fleet file that changes while the fleet runs', () => {
  let fleet: RealFleet | undefined;
  const begin = async () => {
    fleet = await RealFleet.create();
    await fleet.start();
    await fleet.settle(3);
    return fleet;
  };

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  it('reloads HAProxy without a failed request, and touches no server', async () => {
    const fleet = await begin();
    const before = (await fleet.inService()).map(({ id }) => id);
    const load = new Load(fleet.url);
    await fleet.edit((text) =>
      text.replace('  hello:\n    healthCheck', '  hello:\n    algorithm: leastConnections\n    healthCheck'),
    );
    const { code, said } = await fleet.drover('reload', '--yes');
    expect(code).toBe(0);
    expect(said).toContain('targetGroups.hello.algorithm');
    expect(said).toContain('roundRobin');
    await fleet.untilActivity('loadBalancerReloaded');
    const loaded = load.requests + 500;
    await fleet.until('the load goes on', async () => load.requests > loaded);
    expect((await load.stop()).failures).toEqual([]);
    expect((await fleet.settle(3)).map(({ id }) => id)).toEqual(before);
    expect((await fleet.activities()).map(({ reason }) => reason)).toContain('fleetChanged');
  });

  it('uses a changed launch template for new servers only', async () => {
    const fleet = await begin();
    const before = (await fleet.inService()).map(({ id }) => id);
    await fleet.edit((text) => text.replace('stopTimeout: 2s', 'stopTimeout: 3s'));
    expect(await fleet.drover('reload', '--yes')).toMatchObject({ code: 0 });
    await fleet.client.setDesiredCapacity('hello', 4);
    expect((await fleet.settle(4)).map(({ id }) => id)).toEqual(expect.arrayContaining(before));
    // The first to go are those of the old template.
    await fleet.client.setDesiredCapacity('hello', 1);
    const [last] = await fleet.settle(1);
    expect(before).not.toContain(last?.id);
  });

  it('changes nothing when the file is wrong, and says where', async () => {
    const fleet = await begin();
    await fleet.edit((text) => text.replace('maxSize: 10', 'maxSize: ten'));
    const { code, said } = await fleet.drover('reload', '--yes');
    expect(code).toBe(4);
    expect(said).toContain('autoScalingGroups.hello.maxSize');
    expect(said).toMatch(/fleet\.yaml:\d+:\d+/);
    expect((await fleet.status()).groups[0]).toMatchObject({ maxSize: 10, inService: 3 });
    await fleet.edit((text) => text.replace('maxSize: ten', 'maxSize: 10'));
  });

  it('keeps a group that still has servers', async () => {
    const fleet = await begin();
    await fleet.edit((text) => text.replace('autoScalingGroups:\n  hello:', 'autoScalingGroups:\n  other:'));
    const { code, said } = await fleet.drover('reload', '--yes');
    expect(code).toBe(5);
    expect(said).toContain('no group hello any more, but 3 of its servers run');
    expect((await fleet.status()).groups.map(({ name, inService }) => ({ name, inService }))).toEqual([
      { name: 'hello', inService: 3 },
    ]);
    await fleet.edit((text) => text.replace('autoScalingGroups:\n  other:', 'autoScalingGroups:\n  hello:'));
  });

  it('lets one controller at a time control a data folder', async () => {
    const fleet = await begin();
    const { code, said } = await fleet.drover('run', '--plain', fleet.fleetFile);
    expect(code).toBe(5);
    expect(said).toMatch(/in use by the Drover with process id \d+/);
  });
});
