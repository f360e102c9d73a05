import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createHaproxy } from '../../../src/haproxy/driver.ts';
import { ownProcesses } from '../../../src/haproxy/processes.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { LoadBalancerDriver, LoadBalancerEvent } from '../../../src/ports/load-balancer.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { applied } from '../../conformance/load-balancer-world.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { requires } from '../../support/requires.ts';

const signal = new AbortController().signal;
const FASTER = 6;

/** Whoever waits by it waits for a part of the time only. */
const fastClock: Clock = {
  now: () => systemClock.now(),
  steadyMs: () => systemClock.steadyMs() * FASTER,
  sleep: (delayMs, until) => systemClock.sleep(delayMs / FASTER, until),
};

requires('haproxy')('an HAProxy that is hung or has died', () => {
  let world: HaproxyWorld;
  let driver: LoadBalancerDriver;
  let stopped: number[] = [];

  afterEach(async () => {
    await driver.close();
    for (const pid of stopped) signalled(pid, 'SIGCONT');
    stopped = [];
    await world.end();
  });

  function signalled(pid: number, what: NodeJS.Signals): void {
    try {
      process.kill(pid, what);
    } catch {
      // It has ended.
    }
  }

  async function begin() {
    world = await HaproxyWorld.make();
    driver = createHaproxy({ dataDir: world.folder, clock: fastClock });
    const server = await world.server('one');
    const desired = world.state([server.member()]);
    await applied(driver, desired);
    await world.untilHealth('one', 'healthy');
    const [master, worker] = await ownProcesses(join(world.folder, 'haproxy.cfg'));
    if (master === undefined || worker === undefined) throw new Error('it does not run');
    expect(worker.parent).toBe(master.pid);
    return { desired, server, master: master.pid, worker: worker.pid };
  }

  function stop(pid: number): void {
    process.kill(pid, 'SIGSTOP');
    stopped.push(pid);
  }

  /** What is announced until it is started anew, by a controller that observes and applies. */
  async function untilStarted(desired: Parameters<typeof applied>[1]): Promise<readonly LoadBalancerEvent[]> {
    const events: LoadBalancerEvent[] = [];
    await world.until('it is started anew', async () => {
      await driver.observe(signal).catch(() => undefined);
      const announce = async (event: LoadBalancerEvent) => void events.push(event);
      const isDone = await driver.apply(desired, announce, signal).then(
        () => true,
        () => false,
      );
      return isDone && events.some(({ kind }) => kind === 'start');
    });
    return events;
  }

  it('is ended and started when its worker answers nobody', async () => {
    const { desired, worker } = await begin();
    stop(worker);
    expect(await untilStarted(desired)).toMatchObject([
      { kind: 'hung', seen: expect.stringMatching(/neither on its socket nor on 127\.0\.0\.1:\d+, and is ended/) },
      { kind: 'start' },
    ]);
    await world.until('it serves', async () => (await world.get('/').catch(() => '')) === 'one');
  });

  it('is taken over from when only its master is, without a cut', async () => {
    const { desired, server, master, worker } = await begin();
    const client = get({ host: '127.0.0.1', port: world.port, path: '/held', agent: false });
    const answer = once(client, 'response') as Promise<[IncomingMessage]>;
    const held = await server.held.promise;
    stop(master);
    expect(await untilStarted(desired)).toMatchObject([
      { kind: 'hung', seen: expect.stringMatching(/master process has not answered .* takes over/) },
      { kind: 'start' },
    ]);
    const { partial } = await driver.observe(signal);
    expect(partial).toContain(`${worker}`);
    expect(await world.get('/')).toBe('one');
    held.end();
    expect((await answer)[0].statusCode).toBe(200);
    await world.until('the old processes have gone', async () => (await driver.observe(signal)).partial === null);
    expect((await ownProcesses(join(world.folder, 'haproxy.cfg'))).map(({ pid }) => pid)).not.toContain(master);
  });

  it('goes on when a process of an earlier configuration is, which is ended', async () => {
    const { desired, server, worker } = await begin();
    const client = get({ host: '127.0.0.1', port: world.port, path: '/held', agent: false });
    client.on('error', () => undefined);
    await server.held.promise;
    const [group] = desired.targetGroups;
    if (group === undefined) throw new Error('no target group');
    const changed = { ...desired, targetGroups: [{ ...group, slowStartMs: 1 }] };
    expect(await applied(driver, changed)).toMatchObject([{ kind: 'reload' }]);
    expect(await driver.observe(signal)).toMatchObject({ partial: null, oldWorkers: { count: 1, openRequests: 1 } });
    stop(worker);
    const events: LoadBalancerEvent[] = [];
    await world.until('it is ended', async () => {
      await driver.observe(signal);
      events.push(...(await applied(driver, changed)));
      return events.length > 0;
    });
    expect(events).toMatchObject([{ kind: 'hung', seen: expect.stringContaining(`process ${worker} `) }]);
    await world.until('all is seen', async () => (await driver.observe(signal)).partial === null);
    expect(await world.get('/')).toBe('one');
  });

  it('is said to have died, with what is known', async () => {
    const { desired, worker } = await begin();
    process.kill(worker, 'SIGKILL');
    await world.until('all of it is gone', async () => (await world.pids()).length === 0);
    expect(await applied(driver, desired)).toMatchObject([
      { kind: 'died', how: expect.stringContaining('SIGKILL') },
      { kind: 'start' },
    ]);
    for (const { pid } of await ownProcesses(join(world.folder, 'haproxy.cfg'))) signalled(pid, 'SIGKILL');
    await world.until('all of it is gone', async () => (await world.pids()).length === 0);
    const next = createHaproxy({ dataDir: world.folder, clock: systemClock });
    expect((await applied(next, desired)).map(({ kind }) => kind)).toEqual(['died', 'start']);
    await next.stop(signal);
    expect((await applied(next, desired)).map(({ kind }) => kind)).toEqual(['start']);
    await next.close();
  });
});
