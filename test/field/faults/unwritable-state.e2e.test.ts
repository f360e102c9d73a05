import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

requires('haproxy')('a load balancer whose files cannot be written', () => {
  let world: HaproxyWorld;

  afterEach(() => world.end());

  it('is seen all the same, and says why it cannot be changed', async () => {
    world = await HaproxyWorld.make();
    const [a, b] = [await world.server('a'), await world.server('b')];
    const state = world.state([a.member(), b.member()]);
    await world.apply(state);
    await world.untilHealth('a', 'healthy');
    await world.untilHealth('b', 'healthy');
    // In the way of what is written, as a full disk is.
    const inTheWay = ['servers.state.tmp', 'haproxy.cfg.tmp'].map((name) => join(world.folder, name));
    for (const path of inTheWay) await mkdir(path);
    a.healthy = false;
    await world.untilHealth('a', 'unhealthy');
    await world.untilHealth('b', 'healthy');
    await expect(world.apply(world.state([b.member()]))).rejects.toThrow(
      /haproxy.cfg cannot be written: it is a folder/,
    );
    for (const path of inTheWay) await rm(path, { recursive: true });
    await world.apply(world.state([b.member()]));
    await world.untilHealth('a', 'absent');
  });
});
