import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHaproxy } from '../../src/haproxy/driver.ts';
import type { LoadBalancer, TargetGroup } from '../../src/model/fleet.ts';
import type { Member } from '../../src/model/member.ts';
import type { Target } from '../../src/model/observation.ts';
import type { DesiredState, LoadBalancerDriver, LoadBalancerEvent } from '../../src/ports/load-balancer.ts';
import { systemClock } from '../../src/system/clock.ts';
import { applied } from '../conformance/load-balancer-world.ts';
import { sampleGroup, sampleLoadBalancer } from '../haproxy-samples.ts';
import { freePort } from './free-ports.ts';
import { kill, processesWith } from './processes.ts';

const UNTIL_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
const MAX_HEADER_BYTES = 65_536;
const LARGE = 'x'.repeat(10_000);
const signal = new AbortController().signal;

/** A real HAProxy in a folder of its own, driven as a controller drives it, and servers to put behind it. */
export class HaproxyWorld {
  readonly folder: string;
  readonly port: number;
  readonly servers: SmallServer[] = [];
  driver: LoadBalancerDriver;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
    this.driver = this.#newDriver();
  }

  static async make(): Promise<HaproxyWorld> {
    return new HaproxyWorld(await mkdtemp(join(tmpdir(), 'drover-regressions-')), await freePort());
  }

  async server(name: string): Promise<SmallServer> {
    const server = new SmallServer(name);
    this.servers.push(server);
    await server.started;
    return server;
  }

  state(
    members: readonly Member[],
    change: Partial<TargetGroup> = {},
    loadBalancerChange: Partial<LoadBalancer> = {},
  ): DesiredState {
    const healthCheck = { ...sampleGroup.healthCheck, intervalMs: 1_000, fastIntervalMs: 50, downIntervalMs: 50 };
    const group = { ...sampleGroup, healthCheck, deregistrationDelayMs: 10_000, ...change };
    const listeners = [{ address: '127.0.0.1', port: this.port, targetGroup: group.name, trustedProxies: [] }];
    return {
      loadBalancer: { ...sampleLoadBalancer, listeners, ...loadBalancerChange },
      targetGroups: [group],
      members,
    };
  }

  /** @returns what was announced */
  apply(desired: DesiredState): Promise<readonly LoadBalancerEvent[]> {
    return applied(this.driver, desired);
  }

  async targets(): Promise<readonly Target[]> {
    const { targetGroups } = await this.driver.observe(signal);
    return targetGroups[0]?.targets ?? [];
  }

  async untilHealth(name: string, health: Target['health'] | 'absent'): Promise<void> {
    await this.until(`${name} is ${health}`, async () => {
      const target = (await this.targets()).find(({ instanceId }) => instanceId === name);
      return (target?.health ?? 'absent') === health;
    });
  }

  /** Who answers so many requests, one after the other. */
  async answerers(requests: number): Promise<readonly string[]> {
    const names = new Set<string>();
    for (let count = 0; count < requests; count += 1) names.add(await this.get('/'));
    return [...names].toSorted();
  }

  async get(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { connection: 'close' } });
    return `${response.status === 200 ? '' : `${response.status} `}${(await response.text()).trim()}`;
  }

  async pids(): Promise<readonly number[]> {
    return (await processesWith(this.folder)).map(({ pid }) => pid);
  }

  /** HAProxy is killed and the controller with it. What follows is another controller. */
  async crash(): Promise<void> {
    await this.driver.close();
    for (const pid of await this.pids()) kill(pid);
    await this.until('it is gone', async () => (await this.pids()).length === 0);
    this.driver = this.#newDriver();
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let waitedMs = 0; waitedMs < UNTIL_TIMEOUT_MS; waitedMs += POLL_MS) {
      if (await isSo()) return;
      await systemClock.sleep(POLL_MS);
    }
    throw new Error(`not within ${UNTIL_TIMEOUT_MS} ms: ${what}`);
  }

  async end(): Promise<void> {
    await this.crash();
    await this.driver.close();
    for (const server of this.servers) await server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #newDriver(): LoadBalancerDriver {
    const binary = process.env.DROVER_HAPROXY;
    return createHaproxy({ dataDir: this.folder, clock: systemClock, ...(binary === undefined ? {} : { binary }) });
  }
}

/** Answers its name; on `/headers` the headers that came, as a list; on `/large-head` with 20 KB of headers; on `/held` only when it is told to. */
class SmallServer {
  readonly started: Promise<unknown>;
  readonly held = Promise.withResolvers<ServerResponse>();
  healthy = true;
  readonly name: string;
  readonly #server: Server;

  constructor(name: string) {
    this.name = name;
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
      if (request.url === '/health') response.writeHead(this.healthy ? 200 : 503).end();
      else if (request.url === '/held') this.held.resolve(response);
      else if (request.url === '/large-head') response.setHeaders(new Headers({ a: LARGE, b: LARGE })).end(name);
      else if (request.url === '/headers') response.end(JSON.stringify(request.rawHeaders));
      else response.end(name);
    });
    this.started = once(this.#server.listen(0, '127.0.0.1'), 'listening');
  }

  /** As a member of the target group. */
  member(change: Partial<Member> = {}): Member {
    const { port } = this.#server.address() as AddressInfo;
    const endpoint = { address: '127.0.0.1', port };
    const identity = { targetGroup: sampleGroup.name, instanceId: this.name, endpoint, checkPort: null };
    return { ...identity, weight: 100, state: 'ready', proven: true, ...change };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
