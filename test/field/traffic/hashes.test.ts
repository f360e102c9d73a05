import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TargetGroup } from '../../../src/model/fleet.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { ask, type Request } from '../../support/request.ts';
import { requires } from '../../support/requires.ts';

const PROXY = '127.0.0.2';
const SERVERS = 5;
const KEYS = 100;

let world: HaproxyWorld;
requires('haproxy')('hashes', () => {
  beforeEach(async () => {
    world = await HaproxyWorld.make();
  });
  afterEach(() => world.end());

  it('urlHash: the query is a part of the URL', async () => {
    await serve('urlHash', []);
    await expectEvenAndSteady((key) => ({ path: `/page?id=${key}` }));
  });

  it('sourceIpHash: the client that a trusted proxy names', async () => {
    await serve('sourceIpHash', [PROXY, '10.0.0.0/8']);
    await expectEvenAndSteady((key) => ({ from: PROXY, headers: ['X-Forwarded-For', `203.0.113.${key}`] }));
    // Of several entries the last one that no trusted proxy has: a client may have begun the list with anything.
    const servers = new Set<string>();
    for (const chosen of ['1.2.3.4', '5.6.7.8', '10.9.9.9', 'unknown']) {
      const headers = ['X-Forwarded-For', `${chosen}, 203.0.113.9`, 'X-Forwarded-For', '10.1.1.1'];
      servers.add((await ask({ port: world.port, from: PROXY, headers })).body);
    }
    expect(servers).toEqual(
      new Set([(await ask({ port: world.port, from: PROXY, headers: ['X-Forwarded-For', '203.0.113.9'] })).body]),
    );
  });

  it('sourceIpHash: nobody else names a client, and no garbage does', async () => {
    await serve('sourceIpHash', [PROXY]);
    for (const from of ['127.0.0.1', PROXY]) {
      const servers = new Set<string>();
      for (let key = 0; key < 20; key += 1) {
        const headers = ['X-Forwarded-For', from === PROXY ? `203.0.113.${key}, unknown` : `203.0.113.${key}`];
        servers.add((await ask({ port: world.port, from, headers })).body);
      }
      expect(servers.size).toBe(1);
    }
  });
});

/** Each of five servers gets 8 to 35 of 100 keys, and the same ones again. */
async function expectEvenAndSteady(requestOf: (key: number) => Partial<Request>): Promise<void> {
  const round = async (): Promise<readonly string[]> => {
    const answers: string[] = [];
    for (let key = 0; key < KEYS; key += 1) answers.push((await ask({ port: world.port, ...requestOf(key) })).body);
    return answers;
  };
  const first = await round();
  expect(await round()).toEqual(first);
  for (const { name } of world.servers) {
    const count = first.filter((answer) => answer === name).length;
    expect(count, name).toBeGreaterThanOrEqual(8);
    expect(count, name).toBeLessThanOrEqual(35);
  }
}

async function serve(algorithm: TargetGroup['algorithm'], trustedProxies: readonly string[]): Promise<void> {
  const names = Array.from({ length: SERVERS }, (_, index) => `i-${index}`);
  const servers = await Promise.all(names.map((name) => world.server(name)));
  const listeners = [{ address: '127.0.0.1', port: world.port, targetGroup: 'hello', trustedProxies }];
  await world.apply(
    world.state(
      servers.map((server) => server.member()),
      { algorithm },
      { listeners },
    ),
  );
  for (const name of names) await world.untilHealth(name, 'healthy');
}
