import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, it } from 'vitest';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

let world: HaproxyWorld;
beforeEach(async () => {
  world = await HaproxyWorld.make();
});
afterEach(() => world.end());

requires('haproxy')('a request whose client has gone', () => {
  it('is not open any more, and holds no drain', async () => {
    const server = await world.server('a');
    await world.apply(world.state([server.member()]));
    await world.untilHealth('a', 'healthy');
    const client = connect(world.port, '127.0.0.1');
    client.write('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
    await server.held.promise;
    await world.until('it is open', async () => (await open()) === 1);
    client.destroy();
    await once(client, 'close');
    await world.until('it is open no more', async () => (await open()) === 0);
  });
});

async function open(): Promise<number | undefined> {
  return (await world.targets())[0]?.traffic.openRequests;
}
