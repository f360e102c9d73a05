/** Kind: a server that fails its requests while its health check passes is never noticed: what HAProxy counts of it. */

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RequestWindows } from '../../../src/control/request-windows.ts';
import { sampleGroup, sampleMember } from '../../haproxy-samples.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const TIMEOUT_MS = 15_000;
const REQUESTS = 40;
const signal = new AbortController().signal;

requires('haproxy')('of two servers', () => {
  let world: HaproxyWorld;
  const servers: Server[] = [];
  beforeEach(async () => {
    world = await HaproxyWorld.make();
  });
  afterEach(async () => {
    await world.end();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each<[string, RequestListener]>([
    ['answers 500', (_, response) => response.writeHead(500).end()],
    ['closes every connection without an answer', (request) => request.socket.destroy()],
  ])(
    'the one that %s has the errors, each once, although its health check passes',
    { timeout: TIMEOUT_MS },
    async (_, fail) => {
      const answers: RequestListener[] = [fail, (_request, response) => response.end()];
      const members = await Promise.all(
        answers.map(async (answer, index) => {
          const server = createServer((request, response) =>
            request.url === '/health' ? response.end() : answer(request, response),
          ).listen(0, '127.0.0.1');
          servers.push(server);
          await once(server, 'listening');
          const { port } = server.address() as AddressInfo;
          return sampleMember(`i-${index}`, { endpoint: { address: '127.0.0.1', port } });
        }),
      );
      await world.apply(world.state(members));
      for (const { instanceId } of members) await world.untilHealth(instanceId, 'healthy');
      const windows = new RequestWindows();
      const take = async (atMs: number) =>
        windows.take((await world.driver.observe(signal)).targetGroups, atMs, [sampleGroup]);
      await take(0);
      for (let sent = 0; sent < REQUESTS; sent += 1) await world.get('/');
      await take(sampleGroup.outlierDetection.intervalMs);
      const [bad, good] = ['i-0', 'i-1'].map((id) => windows.of(sampleGroup.name).get(id)?.[0]);
      expect(bad?.errors).toBe(bad?.requests);
      expect(bad?.requests).toBeGreaterThanOrEqual(REQUESTS / 2);
      expect(bad?.requests).toBeLessThanOrEqual(REQUESTS);
      expect(good?.errors).toBe(0);
      expect((await world.targets()).map(({ health }) => health)).toEqual(['healthy', 'healthy']);
    },
  );
});
