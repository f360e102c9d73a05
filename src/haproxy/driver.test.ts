import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeLoadBalancerConformance } from '../../test/conformance/load-balancer.ts';
import {
  applied,
  FAST_GROUP,
  type LoadBalancerWorld,
  type OpenRequest,
  type TestServer,
} from '../../test/conformance/load-balancer-world.ts';
import { sampleLoadBalancer } from '../../test/haproxy-samples.ts';
import { freePort } from '../../test/support/free-ports.ts';
import { kill } from '../../test/support/processes.ts';
import type { Endpoint } from '../model/instance.ts';
import type { DesiredState, LoadBalancerDriver } from '../ports/load-balancer.ts';
import { systemClock } from '../system/clock.ts';
import { createHaproxy } from './driver.ts';
import { processesOf } from './processes.ts';

const HOST = '127.0.0.1';
const UNTIL_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
const signal = new AbortController().signal;

describeLoadBalancerConformance('the real HAProxy', () => RealWorld.make());

describe('the HAProxy driver', () => {
  let world: RealWorld | null = null;
  let driver: LoadBalancerDriver | null = null;

  afterEach(async () => {
    await driver?.close();
    await world?.end();
    world = null;
    driver = null;
  });

  async function begin(): Promise<{ world: RealWorld; driver: LoadBalancerDriver; desired: DesiredState }> {
    world = await RealWorld.make();
    driver = world.driver();
    const server = await world.server();
    const desired: DesiredState = {
      ...world.empty,
      members: [
        {
          targetGroup: 'hello',
          instanceId: 'a',
          endpoint: server.endpoint,
          checkPort: null,
          weight: 100,
          state: 'ready',
          proven: false,
        },
      ],
    };
    await applied(driver, desired);
    await untilHealthy(world, driver);
    return { world, driver, desired };
  }

  async function untilHealthy(real: RealWorld, observed: LoadBalancerDriver): Promise<void> {
    await real.until('healthy', async () => {
      const { targetGroups } = await observed.observe(signal);
      return targetGroups[0]?.targets[0]?.health === 'healthy';
    });
  }

  it('keeps its folder private and touches no file when there is nothing to change', async () => {
    const { world, driver, desired } = await begin();
    const before = await fileTimes(world.dataDir);
    await applied(driver, desired);
    await driver.observe(signal);
    expect(await fileTimes(world.dataDir)).toEqual(before);
    expect((await stat(world.dataDir)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(world.dataDir)) {
      expect((await stat(join(world.dataDir, name))).mode & 0o077, name).toBe(0);
    }
  });

  it('serves a statistics page with CSV', async () => {
    const { world, driver, desired } = await begin();
    const statsPage = { address: HOST, port: await freePort() };
    await applied(driver, { ...desired, loadBalancer: { ...desired.loadBalancer, statsPage } });
    const csv = await (await fetch(`http://${HOST}:${statsPage.port}/;csv`)).text();
    expect(csv).toMatch(/^# pxname,svname,/);
    expect(csv).toContain('\nhello,a,');
    expect(await world.send()).not.toBeNull();
  });

  it('is replaced, not ended, when its sockets are gone', async () => {
    const { world, driver, desired } = await begin();
    const before = await processesOf(join(world.dataDir, 'haproxy.cfg'));
    await rm(join(world.dataDir, 'runtime.sock'));
    const open = await world.open();
    const events = await applied(driver, desired);
    expect(events).toMatchObject([{ kind: 'start' }]);
    expect(await world.send()).not.toBeNull();
    expect(await open.finish()).toBe(true);
    await world.until('the old one has ended', async () => {
      const now = await processesOf(join(world.dataDir, 'haproxy.cfg'));
      return now.length === 2 && before.every((pid) => !now.includes(pid));
    });
  });

  it('says which port something else listens on, and serves there when it is free', async () => {
    const real = await RealWorld.make();
    world = real;
    driver = real.driver();
    const blocker = createTcpServer().listen(real.port, HOST);
    await once(blocker, 'listening');
    await expect(applied(driver, real.empty)).rejects.toThrow(`${HOST}:${real.port}: `);
    blocker.close();
    await once(blocker, 'close');
    expect(await applied(driver, real.empty)).toMatchObject([{ kind: 'start' }]);
  });

  it('goes on as before when a part of what a new listener wants is taken', async () => {
    const { world, driver, desired } = await begin();
    const everywhere = { address: '0.0.0.0', port: world.port, targetGroup: 'hello', trustedProxies: [] };
    const blocker = createTcpServer().listen(world.port, '127.0.0.2');
    await once(blocker, 'listening');
    const before = await readFile(join(world.dataDir, 'haproxy.cfg'), 'utf8');
    const listeners = [...desired.loadBalancer.listeners, everywhere];
    const more = { ...desired, loadBalancer: { ...desired.loadBalancer, listeners } };
    await expect(applied(driver, more)).rejects.toMatchObject({ reaction: 'Invalid', code: 'listenerUnavailable' });
    expect(await readFile(join(world.dataDir, 'haproxy.cfg'), 'utf8')).toBe(before);
    expect(await world.send()).not.toBeNull();
    expect(await applied(driver, desired)).toEqual([]);
    blocker.close();
  });

  it('hears of every transition for as long as somebody listens, through a reload', async () => {
    const { world, driver, desired } = await begin();
    let calls = 0;
    const unwatch = driver.watch(() => {
      calls += 1;
    });
    await applied(driver, { ...desired, targetGroups: [{ ...FAST_GROUP, slowStartMs: 1 }] });
    await world.until('the stream has ended', async () => calls > 0);
    await world.until('the old worker has ended', async () => (await world.pids()).length === 2);
    const before = calls;
    world.servers[0]?.setHealthy(false);
    await world.until('called back', async () => calls > before);
    unwatch();
  });

  /** Healthy with the first check, and asked again in a minute. */
  const SLOW_TO_FAIL = { healthyThreshold: 1, intervalMs: 60_000, fastIntervalMs: 60_000 };

  it('answers each request while one of five servers lives, before any health check has found the others dead', async () => {
    const real = await RealWorld.make();
    world = real;
    const watcher = real.driver();
    driver = watcher;
    for (let count = 0; count < 5; count += 1) await real.server();
    const members = real.servers.map(({ endpoint }, index) => ({
      ...{ targetGroup: FAST_GROUP.name, instanceId: `i-${index}`, endpoint, checkPort: null, weight: 100 },
      ...{ state: 'ready' as const, proven: false },
    }));
    const targetGroups = [{ ...FAST_GROUP, healthCheck: { ...FAST_GROUP.healthCheck, ...SLOW_TO_FAIL } }];
    await applied(watcher, { ...real.empty, targetGroups, members });
    const areHealthy = async () =>
      (await watcher.observe(signal)).targetGroups[0]?.targets.every(({ health }) => health === 'healthy') ?? false;
    await real.until('all are healthy', areHealthy);
    const [survivor, ...others] = real.servers;
    for (const server of others) await server.kill();
    for (let count = 0; count < 30; count += 1) expect(await real.send()).toEqual(survivor?.endpoint);
  });

  it('comes back when only the worker was killed', async () => {
    const { world, driver, desired } = await begin();
    const [, worker] = await processesOf(join(world.dataDir, 'haproxy.cfg'));
    process.kill(worker ?? 0, 'SIGKILL');
    await world.until('all of it is gone', async () => (await world.pids()).length === 0);
    expect(await applied(driver, desired)).toMatchObject([{ kind: 'died' }, { kind: 'start' }]);
    expect(await world.send()).not.toBeNull();
  });

  it('goes back to the configuration on disk when what is there is garbage', async () => {
    const { world, driver, desired } = await begin();
    await driver.close();
    await world.crash();
    for (const name of ['haproxy.cfg', 'servers.state', 'last-good.json']) {
      await writeFile(join(world.dataDir, name), '\u0000garbage\n');
    }
    const next = world.driver();
    expect(await applied(next, desired)).toMatchObject([{ kind: 'died' }, { kind: 'start' }]);
    await untilHealthy(world, next);
    await next.close();
  });

  it('checks a server at a port of its own, which may change without a reload', async () => {
    const { world, driver, desired } = await begin();
    const [first] = desired.members;
    const sick = await world.server();
    sick.setHealthy(false);
    if (first === undefined) throw new Error('a member');
    const withCheckAt = (checkPort: number | null) => ({
      ...desired,
      members: [first, { ...first, instanceId: 'b', endpoint: sick.endpoint, checkPort }],
    });
    const healthOf = async () =>
      (await driver.observe(signal)).targetGroups[0]?.targets.find(({ instanceId }) => instanceId === 'b')?.health;
    expect(await applied(driver, withCheckAt(first.endpoint.port))).toEqual([]);
    await world.until('it is healthy by its other port', async () => (await healthOf()) === 'healthy');
    expect(await applied(driver, withCheckAt(null))).toEqual([]);
    await world.until('it is unhealthy by its own', async () => (await healthOf()) === 'unhealthy');
  });

  it('keeps a server where it is while the configuration with its next target group is refused', async () => {
    const { world, driver, desired } = await begin();
    const answers = async () => (await fetch(`http://127.0.0.1:${world.port}/`)).status;
    await world.until('it serves', async () => (await answers()) === 200);
    const moved = { ...FAST_GROUP, name: 'next' };
    const taken = await world.server();
    const listeners = [{ ...taken.endpoint, targetGroup: 'next', trustedProxies: [] }];
    const refused: DesiredState = {
      loadBalancer: { ...desired.loadBalancer, listeners },
      targetGroups: [moved],
      members: desired.members.map((member) => ({ ...member, targetGroup: 'next' })),
    };
    for (let times = 0; times < 2; times += 1) {
      await expect(applied(driver, refused)).rejects.toMatchObject({ code: 'listenerUnavailable' });
      expect(await answers()).toBe(200);
    }
    await expect(applied(driver, { ...refused, members: [] })).rejects.toMatchObject({ code: 'listenerUnavailable' });
    await world.until('a server that is no member anywhere has gone', async () => (await answers()) === 503);
  });

  it('refuses what could never work, with the reason', async () => {
    const create = (dataDir: string): unknown => createHaproxy({ dataDir, clock: systemClock });
    expect(() => create(`/tmp/${'x'.repeat(100)}`)).toThrow(/shorter data folder/);
    expect(() => create('/tmp/a,b')).toThrow(/commas/);
    const real = await RealWorld.make();
    world = real;
    const missing = createHaproxy({ dataDir: real.dataDir, binary: '/nowhere/haproxy', clock: systemClock });
    await expect(applied(missing, real.empty)).rejects.toMatchObject({
      reaction: 'Unsupported',
      message: expect.stringContaining('apt-get install'),
    });
  });
});

class RealWorld implements LoadBalancerWorld {
  readonly dataDir: string;
  readonly port: number;
  readonly targetGroup = FAST_GROUP.name;
  readonly servers: RealServer[] = [];

  static async make(): Promise<RealWorld> {
    return new RealWorld(await mkdtemp(join(tmpdir(), 'drover-haproxy-')), await freePort());
  }

  private constructor(dataDir: string, port: number) {
    this.dataDir = dataDir;
    this.port = port;
  }

  get empty(): DesiredState {
    const listeners = [{ address: HOST, port: this.port, targetGroup: FAST_GROUP.name, trustedProxies: [] }];
    return { loadBalancer: { ...sampleLoadBalancer, listeners }, targetGroups: [FAST_GROUP], members: [] };
  }

  driver(): LoadBalancerDriver {
    const binary = process.env.DROVER_HAPROXY;
    return createHaproxy({ dataDir: this.dataDir, clock: systemClock, ...(binary === undefined ? {} : { binary }) });
  }

  async server(): Promise<TestServer> {
    const server = new RealServer();
    this.servers.push(server);
    await server.started;
    return server;
  }

  async send(): Promise<Endpoint | null> {
    try {
      const response = await fetch(`http://${HOST}:${this.port}/`, { headers: { connection: 'close' } });
      const port = await response.text();
      return response.status === 200 ? { address: HOST, port: Number(port) } : null;
    } catch {
      return null;
    }
  }

  async open(): Promise<OpenRequest> {
    const held = this.servers.map((server) => server.held);
    const client = get({ host: HOST, port: this.port, path: '/held', agent: false });
    const answer = new Promise<boolean>((resolve) => {
      client.on('response', (response) => {
        response.resume().on('end', () => resolve(response.statusCode === 200));
      });
      client.on('error', () => resolve(false));
    });
    const { endpoint, response } = await Promise.race(held);
    const finish = (): Promise<boolean> => {
      response.end();
      return answer;
    };
    return { endpoint, finish };
  }

  pids(): Promise<readonly number[]> {
    return processesOf(join(this.dataDir, 'haproxy.cfg'));
  }

  async crash(): Promise<void> {
    for (const pid of await this.pids()) kill(pid);
    // A process that ends has lost its command line before its sockets.
    await this.until('it is gone', async () => (await this.pids()).length === 0 && !(await this.#listens()));
  }

  /** A listener where something else listens. */
  async refusable(desired: DesiredState): Promise<DesiredState> {
    const other = await this.server();
    const listeners = [
      ...desired.loadBalancer.listeners,
      { ...other.endpoint, targetGroup: FAST_GROUP.name, trustedProxies: [] },
    ];
    return { ...desired, loadBalancer: { ...desired.loadBalancer, listeners } };
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; waited < UNTIL_TIMEOUT_MS; waited += POLL_MS) {
      if (await isSo()) return;
      await systemClock.sleep(POLL_MS);
    }
    throw new Error(`not within ${UNTIL_TIMEOUT_MS} ms: ${what}\n${await this.#log()}`);
  }

  async end(): Promise<void> {
    await this.crash();
    for (const server of this.servers) await server.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async #listens(): Promise<boolean> {
    const socket = connect(join(this.dataDir, 'runtime.sock'));
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return listens;
  }

  async #log(): Promise<string> {
    return readFile(join(this.dataDir, 'haproxy.log'), 'utf8').catch(() => 'no log');
  }
}

/** Answers its port on `/`, its health on `/health`, and `/held` only when it is told to. */
class RealServer implements TestServer {
  readonly started: Promise<unknown>;
  /** The next request for `/held`. */
  held: Promise<{ readonly endpoint: Endpoint; readonly response: ServerResponse }>;
  readonly #server: Server;
  #healthy = true;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<{ endpoint: Endpoint; response: ServerResponse }>();
    this.held = promise;
    this.#server = createServer((request, response) => {
      if (request.url === '/held') resolve({ endpoint: this.endpoint, response });
      else if (request.url === '/health') response.writeHead(this.#healthy ? 200 : 503).end();
      else response.end(`${this.endpoint.port}`);
    });
    this.started = once(this.#server.listen(0, HOST), 'listening');
  }

  get endpoint(): Endpoint {
    return { address: HOST, port: (this.#server.address() as AddressInfo).port };
  }

  setHealthy(healthy: boolean): void {
    this.#healthy = healthy;
  }

  async kill(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function fileTimes(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => name !== 'haproxy.log');
  return Promise.all(files.map(async (name) => `${name} ${(await stat(join(folder, name))).mtimeMs}`));
}
