import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { MAX_OLD_WORKERS } from '../../../src/haproxy/render.ts';
import type { Member } from '../../../src/model/member.ts';
import { sampleGroup } from '../../haproxy-samples.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const signal = new AbortController().signal;
const STREAMS = 5;

/** A server whose answers to `/stream` begin, and end only when they are told to. */
class Streamer {
  readonly open: ServerResponse[] = [];
  readonly #name: string;
  readonly #server: Server;

  static async start(name: string): Promise<Streamer> {
    const one = new Streamer(name);
    await once(one.#server.listen(0, '127.0.0.1'), 'listening');
    return one;
  }

  private constructor(name: string) {
    this.#name = name;
    this.#server = createServer((request, response) => {
      if (request.url !== '/stream') return void response.end('ok');
      this.open.push(response);
      response.write('begun');
    });
  }

  member(change: Partial<Member> = {}): Member {
    const { port } = this.#server.address() as AddressInfo;
    const identity = { targetGroup: sampleGroup.name, instanceId: this.#name };
    return {
      ...identity,
      endpoint: { address: '127.0.0.1', port },
      checkPort: null,
      weight: 100,
      state: 'ready',
      proven: true,
      ...change,
    };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

requires('haproxy')('what workers of earlier configurations carry', () => {
  let world: HaproxyWorld;
  let streamers: Streamer[] = [];

  afterEach(async () => {
    await world.end();
    for (const one of streamers) one.close();
    streamers = [];
  });

  async function begin(count: number): Promise<readonly Member[]> {
    world = await HaproxyWorld.make();
    for (let index = 0; index < count; index += 1) streamers.push(await Streamer.start(`i-${index}`));
    const members = streamers.map((one) => one.member());
    await world.apply(world.state(members));
    for (const { instanceId } of members) await world.untilHealth(instanceId, 'healthy');
    return members;
  }

  /** Resolves with how it ended, once it has begun. */
  async function stream(): Promise<{ readonly end: Promise<'whole' | 'cut'> }> {
    const client = get({ host: '127.0.0.1', port: world.port, path: '/stream', agent: false });
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    const end = new Promise<'whole' | 'cut'>((resolve) => {
      answer.on('end', () => resolve('whole')).on('error', () => resolve('cut'));
    });
    answer.resume();
    return { end };
  }

  async function totals() {
    const { targetGroups, partial, oldWorkers } = await world.driver.observe(signal);
    expect(partial).toBeNull();
    const [group] = targetGroups;
    if (group === undefined) throw new Error('the target group is not seen');
    return { group, oldWorkers };
  }

  it('is part of every measure, over two reloads', async () => {
    const members = await begin(1);
    const streams = [];
    for (let count = 0; count < STREAMS; count += 1) streams.push(await stream());
    for (let count = 0; count < 20; count += 1) await world.get('/');
    const before = (await totals()).group;
    expect(before.traffic.openRequests).toBe(STREAMS);
    expect(before.traffic.requestsTotal).toBeGreaterThanOrEqual(20);
    for (const slowStartMs of [1, 2]) {
      expect(await world.apply(world.state(members, { slowStartMs }))).toMatchObject([{ kind: 'reload' }]);
      const { group, oldWorkers } = await totals();
      expect(oldWorkers).toEqual({ count: 1, openRequests: STREAMS, cutRequests: 0 });
      expect({ ...group.traffic, responseTimeMs: 0 }).toEqual({ ...before.traffic, responseTimeMs: 0 });
      expect(group.targets[0]?.traffic).toMatchObject({
        ...before.targets[0]?.traffic,
        responseTimeMs: expect.any(Number),
      });
    }
    await world.get('/');
    streamers[0]?.open.forEach((response) => void response.end());
    expect(await Promise.all(streams.map(({ end }) => end))).toEqual(streams.map(() => 'whole'));
    await world.until('the old worker has gone', async () => (await totals()).oldWorkers.count === 0);
    const after = (await totals()).group.traffic;
    expect(after.openRequests).toBe(0);
    expect(after.requestsTotal).toBeGreaterThan(before.traffic.requestsTotal);
  });

  it('holds a drain, and is cut when its server leaves, and nothing else is', async () => {
    const [stays, leaves] = await begin(2);
    if (stays === undefined || leaves === undefined) throw new Error('two servers');
    const ends: Promise<'whole' | 'cut'>[] = [];
    for (let count = 0; count < 4; count += 1) ends.push((await stream()).end);
    expect(streamers.map(({ open }) => open.length)).toEqual([2, 2]);
    const drained: Member = { ...leaves, state: 'draining' };
    await world.apply(world.state([stays, drained], { slowStartMs: 1 }));
    for (let count = 0; count < 3; count += 1) {
      const target = (await world.targets()).find(({ instanceId }) => instanceId === leaves.instanceId);
      expect(target).toMatchObject({ health: 'draining', idleObservations: 0, traffic: { openRequests: 2 } });
    }
    // Taken out by a reload, so that the present worker never knows it: only the old ones do.
    await world.apply(world.state([stays], { slowStartMs: 2 }));
    expect((await world.targets()).map(({ instanceId, health }) => ({ instanceId, health }))).toEqual([
      { instanceId: stays.instanceId, health: 'healthy' },
      { instanceId: leaves.instanceId, health: 'unavailable' },
    ]);
    await world.untilHealth(leaves.instanceId, 'absent');
    expect((await totals()).group.traffic.openRequests).toBe(2);
    streamers[0]?.open.forEach((response) => void response.end());
    expect((await Promise.all(ends)).toSorted()).toEqual(['cut', 'cut', 'whole', 'whole']);
  });

  it('goes on past every deregistration delay, up to hardStopAfter, and is counted when that cuts it', async () => {
    const members = await begin(1);
    const state = (slowStartMs: number, hardStopAfterMs: number) =>
      world.state(members, { slowStartMs, deregistrationDelayMs: 0 }, { hardStopAfterMs });
    await world.apply(state(1, 2_000));
    const { end } = await stream();
    await world.apply(state(2, 2_000));
    expect((await totals()).oldWorkers).toMatchObject({ count: 1, openRequests: 1 });
    await world.until('the old worker has gone', async () => (await totals()).oldWorkers.count === 0);
    expect(await end).toBe('cut');
    expect((await totals()).oldWorkers.cutRequests).toBe(1);
  });

  it('is counted before a reload cuts it, because its worker has outlived too many', async () => {
    const members = await begin(1);
    const { end } = await stream();
    let cuts: number[] = [];
    for (let slowStartMs = 1; slowStartMs <= MAX_OLD_WORKERS + 1; slowStartMs += 1) {
      const events = await world.apply(world.state(members, { slowStartMs, deregistrationDelayMs: 0 }));
      cuts = [...cuts, ...events.flatMap((event) => (event.kind === 'reload' ? [event.cuts] : []))];
      await totals();
    }
    expect(cuts).toEqual([...Array.from({ length: MAX_OLD_WORKERS }, () => 0), 1]);
    expect(await end).toBe('cut');
  });
});
