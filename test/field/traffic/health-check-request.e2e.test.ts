/** Kind: an application refuses a check that is not like its clients' requests, or answers HAProxy's otherwise than Drover's. */

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HealthCheck } from '../../../src/model/fleet.ts';
import { httpProbe } from '../../../src/probes/http.ts';
import { sampleGroup, sampleMember } from '../../haproxy-samples.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const TIMEOUT_MS = 15_000;
const signal = new AbortController().signal;

requires('haproxy')('a health check', () => {
  let world: HaproxyWorld;
  let server: Server;
  beforeEach(async () => {
    world = await HaproxyWorld.make();
  });
  afterEach(async () => {
    await world.end();
    server.closeAllConnections();
    server.close();
  });

  /** What each of the two has sent, and what each makes of the answer. */
  async function asked(change: Partial<HealthCheck>, answer: RequestListener) {
    const requests: string[] = [];
    server = createServer((request, response) => {
      const { method, url, httpVersion, headers } = request;
      requests.push(JSON.stringify({ method, url, httpVersion, headers: Object.entries(headers).toSorted() }));
      answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const healthCheck = {
      ...sampleGroup.healthCheck,
      intervalMs: 100,
      fastIntervalMs: 50,
      downIntervalMs: 50,
      ...change,
    };
    await world.apply(world.state([sampleMember('i-1', { endpoint })], { healthCheck }));
    let health = 'initial';
    await world.until('HAProxy has decided', async () => {
      health = (await world.targets())[0]?.health ?? 'initial';
      return health !== 'initial';
    });
    const byHaproxy = requests[0];
    const probed = requests.length;
    const { healthy } = await httpProbe.check(endpoint, healthCheck, signal);
    const byDrover = requests.slice(probed);
    return { health, healthy, byHaproxy, byDrover, requests };
  }

  it.each<[string, Partial<HealthCheck>]>([
    ['as it is by default', {}],
    [
      'with a method, a host and headers',
      {
        method: 'HEAD',
        host: 'shop.example:8080',
        path: '/up?full=1&a=%20',
        headers: [
          { name: 'X-Forwarded-Proto', value: 'https' },
          { name: 'X-Odd', value: `100% of "this", it's $HOME, %[src] and \\n #1` },
          { name: 'user-agent', value: 'ours/1.0' },
        ],
      },
    ],
    ['that may have a body', { method: 'OPTIONS' }],
  ])('%s is the same request, whoever sends it', { timeout: TIMEOUT_MS }, async (_, change) => {
    const { health, healthy, byHaproxy, byDrover, requests } = await asked(change, (_request, response) =>
      response.end(),
    );
    expect(byDrover).toContain(byHaproxy);
    expect(new Set(requests)).toEqual(new Set([byHaproxy]));
    expect({ health, healthy }).toEqual({ health: 'healthy', healthy: true });
  });

  it('can be what the application takes for a request of its clients', { timeout: TIMEOUT_MS }, async () => {
    const headers = [{ name: 'X-Forwarded-Proto', value: 'https' }];
    const { health, healthy } = await asked({ host: 'shop.example', headers }, (request, response) => {
      const isOurs = request.headers.host === 'shop.example' && request.headers['x-forwarded-proto'] === 'https';
      response.writeHead(isOurs ? 200 : 400).end();
    });
    expect({ health, healthy }).toEqual({ health: 'healthy', healthy: true });
  });

  it('is refused to both alike where the application wants another host', { timeout: TIMEOUT_MS }, async () => {
    const { health, healthy } = await asked({}, (request, response) => {
      response.writeHead(request.headers.host?.startsWith('127.0.0.1') ? 200 : 400).end();
    });
    expect({ health, healthy }).toEqual({ health: 'unhealthy', healthy: false });
  });
});
