import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CutBy } from '../../../src/model/observation.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { ask } from '../../support/request.ts';
import { requires } from '../../support/requires.ts';

const KIB = 1_024;
const signal = new AbortController().signal;
let world: HaproxyWorld;
beforeEach(async () => {
  world = await HaproxyWorld.make();
});
afterEach(() => world.end());

requires('haproxy')('limits of a load balancer', () => {
  it('lets 20 KB of headers pass, of a request and of an answer, and 240 lines of them', async () => {
    const server = await world.server('a');
    await world.apply(world.state([server.member()]));
    await world.untilHealth('a', 'healthy');
    const large = ['Cookie', 'x'.repeat(10_000), 'X-B', 'y'.repeat(10_000)];
    expect((await ask({ port: world.port, headers: large })).status).toBe(200);
    expect(await ask({ port: world.port, path: '/large-head' })).toEqual({ status: 200, body: 'a' });
    const many = Array.from({ length: 240 }, (_, index) => [`X-${index}`, 'y']).flat();
    expect((await ask({ port: world.port, headers: many })).status).toBe(200);
    expect((await world.driver.observe(signal)).limits.cutTotal.requestHead).toBe(0);
  });

  it('refuses a head that is larger than maxHeaderSize, and counts it', async () => {
    const server = await world.server('a');
    await world.apply(world.state([server.member()], {}, { maxHeaderBytes: 8 * KIB }));
    await world.untilHealth('a', 'healthy');
    world.driver.watch(() => undefined);
    const headers = ['Cookie', 'x'.repeat(15 * KIB)];
    await world.until('one is counted', async () => {
      expect((await ask({ port: world.port, headers })).status).toBe(400);
      return (await cut('requestHead')) > 0;
    });
    expect((await ask({ port: world.port, headers: ['Cookie', 'x'.repeat(7 * KIB)] })).status).toBe(200);
  });

  it('cuts what is silent for idleTimeout, and counts it', async () => {
    const server = await world.server('a');
    await world.apply(world.state([server.member()], {}, { idleTimeoutMs: 200 }));
    await world.untilHealth('a', 'healthy');
    world.driver.watch(() => undefined);
    await world.until('one is counted', async () => {
      expect((await ask({ port: world.port, path: '/held' })).status).toBe(504);
      return (await cut('idleTimeout')) > 0;
    });
  });

  it('takes maxConnections, says so, and the next one when one has ended', async () => {
    const server = await world.server('a');
    await world.apply(world.state([server.member()], {}, { maxConnections: 10 }));
    await world.untilHealth('a', 'healthy');
    const clients = Array.from({ length: 10 }, () => connect(world.port, '127.0.0.1'));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    await world.until('all are taken', async () => {
      const { connections, maxConnections } = (await world.driver.observe(signal)).limits;
      return connections === 10 && maxConnections === 10;
    });
    const waiting = world.get('/');
    clients[0]?.destroy();
    expect(await waiting).toBe('a');
    for (const client of clients) client.destroy();
  });

  it('leaves a server that handles one connection at a time free between requests: connectionReuse never', async () => {
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket)).on('error', () => undefined);
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const member = (await world.server('a')).member({ endpoint: { address: '127.0.0.1', port } });
    await world.apply(world.state([member], { connectionReuse: 'never' }));
    await world.untilHealth('a', 'healthy');
    const client = connect(world.port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(client, 'data');
    // The client keeps its own.
    await world.until('no connection is left', () => Promise.resolve(open.size === 0));
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(String(await once(client, 'data'))).toContain('200 OK');
    client.destroy();
    for (const socket of open) socket.destroy();
    server.close();
  });
});

async function cut(cause: CutBy): Promise<number> {
  return (await world.driver.observe(signal)).limits.cutTotal[cause];
}
