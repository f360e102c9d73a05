import { afterEach, beforeEach, expect, it } from 'vitest';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const signal = new AbortController().signal;
let world: HaproxyWorld;
beforeEach(async () => {
  world = await HaproxyWorld.make();
});
afterEach(() => world.end());

requires('haproxy')('the queue of a target group', () => {
  // One that is there from the start, one that is added at run time, and a stand-in that gets everything.
  it.each([
    { how: 'a server of the file', healthy: true, addedLater: false },
    { how: 'a server that was added at run time', healthy: true, addedLater: true },
    { how: 'a server that stands in while none is healthy', healthy: false, addedLater: true },
  ])('holds what $how cannot take, and lets it go on', async ({ healthy, addedLater }) => {
    const server = await world.server('a');
    const change = { maxConnectionsPerTarget: 1 };
    if (addedLater) await world.apply(world.state([], change));
    await world.apply(world.state([server.member()], change));
    await world.untilHealth('a', 'healthy');
    server.healthy = healthy;
    await world.untilHealth('a', healthy ? 'healthy' : 'unhealthy');
    const first = world.get('/held');
    const response = await server.held.promise;
    const others = [world.get('/'), world.get('/'), world.get('/')];
    await world.until('three wait', async () => (await queued()) === 3);
    response.end('held');
    expect(await Promise.all([first, ...others])).toEqual(['held', 'a', 'a', 'a']);
    await world.until('none waits', async () => (await queued()) === 0);
  });

  it('answers 503 to what has waited for queueTimeout', async () => {
    const server = await world.server('a');
    await world.apply(world.state([server.member()], { maxConnectionsPerTarget: 1, queueTimeoutMs: 100 }));
    await world.untilHealth('a', 'healthy');
    const first = world.get('/held');
    const response = await server.held.promise;
    expect(await world.get('/')).toMatch(/^503 /);
    response.end('held');
    expect(await first).toBe('held');
  });
});

/** All that wait, for the group or for one of its servers. */
async function queued(): Promise<number | undefined> {
  const { targetGroups } = await world.driver.observe(signal);
  return targetGroups[0]?.traffic.queuedRequests;
}
