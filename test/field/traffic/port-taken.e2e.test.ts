import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { DesiredState } from '../../../src/ports/load-balancer.ts';
import { freePort } from '../../support/free-ports.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

requires('haproxy')('a port that another process holds', () => {
  let worlds: HaproxyWorld[] = [];
  const blockers: Server[] = [];

  afterEach(async () => {
    for (const world of worlds) await world.end();
    worlds = [];
    for (const blocker of blockers.splice(0)) blocker.close();
  });

  async function make(name: string): Promise<{ world: HaproxyWorld; desired: DesiredState }> {
    const world = await HaproxyWorld.make();
    worlds.push(world);
    const server = await world.server(name);
    return { world, desired: world.state([server.member()]) };
  }

  async function block(port: number, host = '127.0.0.1'): Promise<void> {
    const blocker = createServer((socket) => socket.destroy()).listen(port, host);
    blockers.push(blocker);
    await once(blocker, 'listening');
  }

  function on(desired: DesiredState, address: string, port: number): DesiredState {
    const listeners = desired.loadBalancer.listeners.map((one) => ({ ...one, address, port }));
    return { ...desired, loadBalancer: { ...desired.loadBalancer, listeners } };
  }

  it('stays with the fleet that has it, and the second one says which', async () => {
    const first = await make('first');
    const second = await make('second');
    await first.world.apply(first.desired);
    await first.world.untilHealth('first', 'healthy');
    const taken = on(second.desired, '127.0.0.1', first.world.port);
    const refused = { reaction: 'Invalid', code: 'listenerUnavailable' };
    await expect(second.world.apply(taken)).rejects.toMatchObject(refused);
    await expect(second.world.apply(taken)).rejects.toThrow(first.world.folder);
    await expect(second.world.apply(on(taken, '0.0.0.0', first.world.port))).rejects.toMatchObject(refused);
    expect(await first.world.answerers(50)).toEqual(['first']);
    await first.world.crash();
    // At once, not after a pause: it costs little to ask again.
    expect(await second.world.apply(taken)).toMatchObject([{ kind: 'start' }]);
  });

  it('goes to one of two fleets that start at the same moment', async () => {
    const first = await make('first');
    const second = await make('second');
    const results = await Promise.allSettled([
      first.world.apply(first.desired),
      second.world.apply(on(second.desired, '127.0.0.1', first.world.port)),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('is refused for a statistics page and at a reload too, which then interrupts nothing', async () => {
    const { world, desired } = await make('one');
    await world.apply(desired);
    await world.untilHealth('one', 'healthy');
    const port = await freePort();
    await block(port);
    const statsPage = { address: '127.0.0.1', port };
    await expect(world.apply({ ...desired, loadBalancer: { ...desired.loadBalancer, statsPage } })).rejects.toThrow(
      new RegExp(`127.0.0.1:${port}: .*\\(pid ${process.pid}\\)`),
    );
    // Our own listener is in the way of a trial, and a part of what is wanted is another's.
    await block(world.port, '127.0.0.2');
    await expect(world.apply(on(desired, '0.0.0.0', world.port))).rejects.toThrow(/on 127.0.0.2/);
    expect(await world.answerers(10)).toEqual(['one']);
    expect(await world.apply(desired)).toEqual([]);
  });

  it('changes from one address to all of them, and back, without a refused connection', async () => {
    const { world, desired } = await make('one');
    await world.apply(desired);
    await world.untilHealth('one', 'healthy');
    const load = { on: true, failures: [] as string[] };
    const clients = Array.from({ length: 4 }, async () => {
      while (load.on) await world.get('/').catch((error: unknown) => load.failures.push(String(error)));
    });
    for (const address of ['0.0.0.0', '127.0.0.1']) {
      expect(await world.apply(on(desired, address, world.port))).toMatchObject([{ kind: 'reload' }]);
    }
    load.on = false;
    await Promise.all(clients);
    expect(load.failures).toEqual([]);
  });
});
