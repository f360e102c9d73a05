/** Kind: a request begins again on another server, and nobody has decided, bounded or counted it. */

import { once } from 'node:events';
import { Agent, createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Algorithm } from '../../../src/model/fleet.ts';
import type { Member } from '../../../src/model/member.ts';
import { sampleMember } from '../../haproxy-samples.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const TIMEOUT_MS = 15_000;
const CLIENTS = 8;

/** Dies of a `/poison`, answers `/held` never, and everything else with its name. */
class Victim {
  readonly name: string;
  readonly held: ServerResponse[] = [];
  poisoned = 0;
  readonly #server: Server;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer((request, response) => {
      if (request.url === '/poison') {
        this.poisoned += 1;
        this.die();
      } else if (request.url === '/held') this.held.push(response);
      else response.end(name);
    });
  }

  static async start(name: string): Promise<Victim> {
    const victim = new Victim(name);
    await once(victim.#server.listen(0, '127.0.0.1'), 'listening');
    return victim;
  }

  member(change: Partial<Member> = {}): Member {
    const { port } = this.#server.address() as AddressInfo;
    return sampleMember(this.name, { endpoint: { address: '127.0.0.1', port }, ...change });
  }

  die(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

requires('haproxy')('requests', () => {
  let world: HaproxyWorld;
  const victims: Victim[] = [];
  beforeEach(async () => {
    world = await HaproxyWorld.make();
  });
  afterEach(async () => {
    await world.end();
    for (const victim of victims.splice(0)) victim.die();
  });

  async function serve(count: number, algorithm: Algorithm = 'roundRobin'): Promise<readonly Member[]> {
    for (let index = 0; index < count; index += 1) victims.push(await Victim.start(`i-${index}`));
    const members = victims.map((victim) => victim.member());
    await world.apply(world.state(members, { algorithm }));
    for (const { instanceId } of members) await world.untilHealth(instanceId, 'healthy');
    return members;
  }

  /** The status; 0 where the connection was closed without one. */
  function send(method: string, path: string, agent: Agent | false = false): Promise<number> {
    return new Promise((resolve) => {
      const sent = request({ host: '127.0.0.1', port: world.port, method, path, agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      sent.on('error', () => resolve(0)).end();
    });
  }

  const poisoned = () => victims.reduce((sum, victim) => sum + victim.poisoned, 0);

  it('that crash their server are sent to five of them at most, and are counted', { timeout: TIMEOUT_MS }, async () => {
    await serve(7);
    expect(await send('GET', '/poison')).toBe(502);
    expect(poisoned()).toBe(5);
    const { targetGroups } = await world.driver.observe(new AbortController().signal);
    expect(targetGroups[0]?.traffic.retriesTotal).toBeGreaterThanOrEqual(4);
  });

  it('that are not safe to repeat are sent to one', { timeout: TIMEOUT_MS }, async () => {
    await serve(3);
    expect(await send('POST', '/poison')).toBe(502);
    expect(poisoned()).toBe(1);
  });

  it('of the second kind end a kept connection without an answer', { timeout: TIMEOUT_MS }, async () => {
    await serve(3);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await send('POST', '/', agent)).toBe(200);
    expect(await send('POST', '/poison', agent)).toBe(0);
    expect(poisoned()).toBe(1);
    agent.destroy();
  });

  it.each<[Algorithm, number]>([
    ['roundRobin', 0],
    // It prefers the dead, which have the fewest connections; before, hundreds failed.
    ['leastConnections', 3],
  ])('are answered while two of four servers die at once: %s', { timeout: TIMEOUT_MS }, async (algorithm, most) => {
    await serve(4, algorithm);
    let failed = 0;
    let answered = 0;
    let running = true;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (running) {
        if ((await send('GET', '/')) === 200) answered += 1;
        else failed += 1;
      }
    });
    await world.until('requests flow', async () => answered > 50);
    for (const victim of victims.slice(0, 2)) victim.die();
    for (const victim of victims.slice(0, 2)) await world.untilHealth(victim.name, 'unhealthy');
    running = false;
    await Promise.all(clients);
    expect(failed).toBeLessThanOrEqual(most);
  });

  it('that outlast their drain are cut with its end, and begin again elsewhere', { timeout: TIMEOUT_MS }, async () => {
    const [hung, other] = await serve(2);
    if (hung === undefined || other === undefined) throw new Error('there are two');
    await world.apply(world.state([hung, { ...other, state: 'draining' }]));
    const requests = Array.from({ length: 12 }, () => send('GET', '/held'));
    await world.until('they are open', async () => victims[0]?.held.length === 12);
    await world.apply(world.state([{ ...hung, state: 'draining' }, other]));
    await world.apply(world.state([other]));
    // The observation after that finds none open there any more.
    const targets = await world.targets();
    expect(targets.find(({ instanceId }) => instanceId === 'i-0')?.traffic.openRequests ?? 0).toBe(0);
    await world.until('the other has them', async () => victims[1]?.held.length === 12);
    for (const response of victims[1]?.held ?? []) response.end();
    expect(await Promise.all(requests)).toEqual(Array(12).fill(200));
  });
});
