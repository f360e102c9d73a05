import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RealFleet } from '../support/fleet.ts';
import { Load } from '../support/load.ts';
import { requires } from '../support/requires.ts';

requires('haproxy')('named providers', () => {
  let fleet: RealFleet | undefined;

  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });

  const machinesOf = (fleet: RealFleet, provider: string) => readdir(join(fleet.dataDir, 'providers', provider));

  it('of one type stand side by side, and a group goes from one to the other without a failed request', async () => {
    fleet = await RealFleet.create({ desiredCapacity: 2, deregistrationDelay: '2s' });
    const named = (text: string, blue: string, green: string) =>
      text.replace('loadBalancers:', `providers: {${blue}${green}}\nloadBalancers:`);
    await fleet.edit((text) =>
      named(text, 'blue: { type: process }, ', 'green: { type: process }').replace(
        'provider: process',
        'provider: blue',
      ),
    );
    await fleet.start();
    const before = (await fleet.settle(2)).map(({ id }) => id);
    expect(await machinesOf(fleet, 'blue')).toEqual(expect.arrayContaining(before));

    const load = new Load(fleet.url);
    await fleet.edit((text) => text.replace('provider: blue', 'provider: green'));
    expect(await fleet.drover('reload', '--yes')).toMatchObject({ code: 0 });
    await fleet.edit((text) => text.replace('blue: { type: process }, ', ''));
    const refused = await fleet.drover('reload', '--yes');
    expect(refused.code).not.toBe(0);
    expect(refused.said).toContain('Provider blue would be another one, or gone, while 2 servers from it run');

    for (const id of before) await fleet.client.drainInstance(id, false);
    await fleet.until('both were replaced', async () => {
      const now = await fleet?.inService();
      return now?.length === 2 && now.every(({ id }) => !before.includes(id));
    });
    const after = (await fleet.inService()).map(({ id }) => id);
    expect(await machinesOf(fleet, 'green')).toEqual(expect.arrayContaining(after));
    await fleet.until('the file is applied once no server from blue is left', async () => {
      return (await fleet?.drover('reload', '--yes'))?.code === 0;
    });
    expect((await load.stop()).failures).toEqual([]);
    expect((await fleet.settle(2)).map(({ id }) => id)).toEqual(after);
  });
});
