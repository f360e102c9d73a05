/** What the tests of the load balancer's contract need of an implementation, and what they have in common. */

import type { TargetGroup } from '../../src/model/fleet.ts';
import type { Endpoint } from '../../src/model/instance.ts';
import type { Member } from '../../src/model/member.ts';
import type { Target } from '../../src/model/observation.ts';
import type { DesiredState, LoadBalancerDriver, LoadBalancerEvent } from '../../src/ports/load-balancer.ts';

/** A world with one load balancer in it, servers that can be put behind it, and clients. */
export interface LoadBalancerWorld {
  /** A driver of the load balancer, as a controller makes one when it starts. */
  driver(): LoadBalancerDriver;
  /** Without members. One listener, one target group of that name, health checks as fast as the world can. */
  readonly empty: DesiredState;
  readonly targetGroup: string;
  /** A server that answers, and is found healthy, from now on. */
  server(): Promise<TestServer>;
  /** One request: the endpoint of the server that answered it; null when the load balancer had none. */
  send(): Promise<Endpoint | null>;
  /** A request that its server does not answer before `finish`. Resolves when the server has it. */
  open(): Promise<OpenRequest>;
  /** Ends the load balancer without giving it a chance. Resolves when it is gone. */
  crash(): Promise<void>;
  /** The same state with a configuration that the implementation refuses. */
  refusable(desired: DesiredState): Promise<DesiredState>;
  /** Lets time go by until it is so; fails when that takes too long. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  /** Ends everything. */
  end(): Promise<void>;
}

export interface TestServer {
  readonly endpoint: Endpoint;
  setHealthy(healthy: boolean): void;
  /** Nobody listens there any more; its connections are gone. */
  kill(): Promise<void>;
}

export interface OpenRequest {
  readonly endpoint: Endpoint;
  /** Lets the server answer. Whether the client got the answer. */
  finish(): Promise<boolean>;
}

const signal = new AbortController().signal;

/** The one target group of a world: checked as fast as anybody can. */
export const FAST_GROUP: TargetGroup = {
  name: 'hello',
  port: null,
  algorithm: 'roundRobin',
  healthCheck: {
    port: null,
    method: 'GET',
    host: 'localhost',
    path: '/health',
    headers: [],
    matcher: '200',
    intervalMs: 200,
    fastIntervalMs: 50,
    downIntervalMs: 50,
    timeoutMs: 500,
    healthyThreshold: 2,
    unhealthyThreshold: 2,
  },
  deregistrationDelayMs: 10_000,
  outlierDetection: { action: 'report', intervalMs: 10_000, minRequests: 20, errorShare: 0.5, consecutiveIntervals: 3 },
  slowStartMs: 0,
  maxConnectionsPerTarget: null,
  queueTimeoutMs: 30_000,
  connectionReuse: 'safe',
};

/** @returns what was announced */
export async function applied(
  driver: LoadBalancerDriver,
  desired: DesiredState,
): Promise<readonly LoadBalancerEvent[]> {
  const events: LoadBalancerEvent[] = [];
  const announce = async (event: LoadBalancerEvent) => void events.push(event);
  await driver.apply(desired, announce, signal);
  return events;
}

/** @param subject the world and the driver of the test that runs */
export function helpersFor(subject: () => { readonly world: LoadBalancerWorld; readonly driver: LoadBalancerDriver }) {
  const apply = (desired: DesiredState) => applied(subject().driver, desired);

  function member(instanceId: string, { endpoint }: TestServer, state: Member['state'] = 'ready'): Member {
    return {
      targetGroup: subject().world.targetGroup,
      instanceId,
      endpoint,
      checkPort: null,
      weight: 100,
      state,
      proven: false,
    };
  }

  function proven(instanceId: string, server: TestServer, state: Member['state'] = 'ready'): Member {
    return { ...member(instanceId, server, state), proven: true };
  }

  function withMembers(...members: readonly Member[]): DesiredState {
    return { ...subject().world.empty, members };
  }

  async function targets(): Promise<readonly Target[]> {
    const { targetGroups } = await subject().driver.observe(signal);
    return targetGroups.find((group) => group.name === subject().world.targetGroup)?.targets ?? [];
  }

  async function target(instanceId: string): Promise<Target | undefined> {
    return (await targets()).find((one) => one.instanceId === instanceId);
  }

  async function untilHealth(instanceId: string, health: Target['health'] | 'absent'): Promise<void> {
    await subject().world.until(
      `${instanceId} is ${health}`,
      async () => ((await target(instanceId))?.health ?? 'absent') === health,
    );
  }

  /** The places of the servers that answered; null stands for requests that none did. */
  async function answerers(requests = 12): Promise<ReadonlySet<string | null>> {
    const places = new Set<string | null>();
    for (let i = 0; i < requests; i += 1) {
      const endpoint = await subject().world.send();
      places.add(endpoint === null ? null : placeOf({ endpoint }));
    }
    return places;
  }

  /** Two healthy members, a and b. */
  async function twoInService(): Promise<readonly [TestServer, TestServer]> {
    const [a, b] = [await subject().world.server(), await subject().world.server()];
    await apply(withMembers(member('a', a), member('b', b)));
    await untilHealth('a', 'healthy');
    await untilHealth('b', 'healthy');
    return [a, b];
  }

  /** HAProxy and others count a request a little after its client has the answer. */
  async function untilCounted(requests: number): Promise<void> {
    await subject().world.until(`${requests} requests are counted`, async () => {
      const { targetGroups } = await subject().driver.observe(signal);
      return targetGroups[0]?.traffic.requestsTotal === requests;
    });
  }

  return { apply, member, proven, withMembers, targets, target, untilHealth, answerers, untilCounted, twoInService };
}

/** Where a server is, as a value that can be compared. */
export function placeOf({ endpoint }: { readonly endpoint: Endpoint }): string {
  return `${endpoint.address}:${endpoint.port}`;
}

export function slower(group: TargetGroup): TargetGroup {
  return { ...group, healthCheck: { ...group.healthCheck, intervalMs: group.healthCheck.intervalMs + 50 } };
}
