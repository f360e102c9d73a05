import { beforeEach, describe, expect, it } from 'vitest';
import type { TargetGroup } from '../../../src/model/fleet.ts';
import { sampleGroup, sampleLoadBalancer, sampleMember } from '../../haproxy-samples.ts';
import { Clients } from './clients.ts';
import { calmConditions } from './conditions.ts';
import { LoadBalancerHost } from './load-balancer-host.ts';
import { Machines, type SimMachine } from './machines.ts';
import { createRandom } from './random.ts';
import { Trace } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

const WITNESS = { started: () => {}, terminated: () => {}, takenOut: () => {}, wentDown: () => {}, cut: () => {} };
const GROUP: TargetGroup = {
  ...sampleGroup,
  healthCheck: {
    ...sampleGroup.healthCheck,
    path: '/',
    intervalMs: 5_000,
    fastIntervalMs: 1_000,
    downIntervalMs: 1_000,
    timeoutMs: 500,
    unhealthyThreshold: 2,
  },
  deregistrationDelayMs: 10_000,
};

describe('a simulated load balancer', () => {
  let clock: VirtualClock;
  let machines: Machines;
  let host: LoadBalancerHost;
  let clients: Clients;

  beforeEach(() => {
    clock = new VirtualClock();
    const random = createRandom(1);
    const trace = new Trace(clock, { keptLines: 10 });
    const calm = calmConditions({ minMs: 1, maxMs: 1 });
    machines = new Machines(clock, random.fork('machines'), trace, calm.machines);
    const conditions = { ...calm.loadBalancer, openRequests: [0, 0] } as const;
    host = new LoadBalancerHost({ name: 'web', clock, random, trace, machines, witness: WITNESS, conditions });
    clients = new Clients(host, machines);
  });

  /** So many servers, healthy and in service. */
  async function inService(count: number): Promise<readonly SimMachine[]> {
    const servers = Array.from({ length: count }, (_, i) =>
      machines.launch(
        { fleet: 'test', provider: 'simulated', group: 'hello', instanceId: `i-${i}`, zone: null },
        false,
      ),
    );
    while (await clock.advance());
    apply(servers);
    while (await clock.advance());
    return servers;
  }

  function apply(servers: readonly SimMachine[]): void {
    const members = servers.map(({ instanceId, endpoint }) => sampleMember(instanceId, { endpoint, proven: true }));
    const listeners = [{ address: '127.0.0.1', port: 80, targetGroup: 'hello', trustedProxies: [] }];
    host.save({ loadBalancer: { ...sampleLoadBalancer, listeners }, targetGroups: [GROUP], members });
    if (host.running) host.reconcile();
    else host.start();
  }

  function details(): readonly string[] {
    return [...host.members()].map(({ detail }) => detail);
  }

  it('gives requests to one server after the other', async () => {
    const [a, b] = await inService(2);
    expect([1, 2, 3, 4].map(() => clients.send('hello'))).toEqual([a, b, a, b].map((one) => one?.endpoint));
    expect([...host.members()].map(({ requests }) => requests.total(clock.elapsedMs))).toEqual([2, 2]);
    expect(clients.send('other')).toBeNull();
  });

  it('tries a request on five servers, not on more, when servers have just died', async () => {
    const servers = await inService(6);
    for (const dead of servers.slice(0, 4)) machines.stop(dead, 'by itself');
    expect(clients.send('hello')).toEqual(servers[4]?.endpoint);
    machines.stop(servers[4]!, 'by itself');
    expect(clients.send('hello')).toEqual(servers[5]?.endpoint);
    expect(clients.send('hello')).toBeNull();
  });

  it('has no answer from a server that hangs, nor from one that cannot be reached', async () => {
    const [a] = await inService(1);
    machines.hang(a!);
    expect(clients.send('hello')).toBeNull();
    machines.recover(a!);
    expect(clients.send('hello')).toEqual(a?.endpoint);
    host.setPartitioned(true);
    expect(clients.send('hello')).toBeNull();
  });

  it('breaks a request off when the machine of its server stops, and when it is killed itself', async () => {
    const [a] = await inService(1);
    apply([{ ...a!, instanceId: 'i-other' }]);
    while (await clock.advance());
    const hanging = clients.open('hello');
    machines.hang(a!);
    expect([...host.members()].map(({ requests }) => requests.open(clock.elapsedMs))).toEqual([1]);
    machines.stop(a!, 'by itself');
    expect(hanging?.finish()).toBe(false);
    machines.restart(a!);
    while (await clock.advance());
    const open = clients.open('hello');
    expect(open?.endpoint).toEqual(a?.endpoint);
    host.crash();
    expect(open?.finish()).toBe(false);
    expect(clients.open('hello')).toBeNull();
  });

  it('lets a request finish that is open while its member moves to another address, and counts it there', async () => {
    const [a, b] = await inService(2);
    apply([a!]);
    const open = clients.open('hello');
    apply([{ ...a!, endpoint: b!.endpoint }]);
    expect([...host.members()][0]?.requests.open(clock.elapsedMs)).toBe(1);
    expect(open?.finish()).toBe(true);
  });

  it('does not forget a member that was taken out while it has no controller', async () => {
    const [a] = await inService(1);
    apply([]);
    host.pauseRemovals();
    while (await clock.advance());
    expect([...host.members()]).toHaveLength(1);
    apply([]);
    host.pauseRemovals();
    apply([a!]);
    while (await clock.advance());
    expect([...host.members()]).toMatchObject([{ admin: 'ready', health: 'up' }]);
    apply([]);
    while (await clock.advance());
    expect([...host.members()]).toHaveLength(0);
  });

  it('says what is wrong with the servers that fail their checks', async () => {
    const [dead, hung, sick] = await inService(4);
    machines.stop(dead!, 'by itself');
    machines.hang(hung!);
    machines.setSick(sick!, true);
    while (await clock.advance());
    expect(details()).toEqual(['connection refused (L4CON)', 'no answer in time (L7TOUT)', 'answered 503 (L7STS)', '']);
    machines.stop(hung!, 'by itself');
    machines.setSick(sick!, false);
    while (await clock.advance());
    expect(details()).toEqual(['connection refused (L4CON)', 'connection refused (L4CON)', '', '']);
    host.setPartitioned(true);
    while (await clock.advance());
    expect(details()).toEqual([
      'no connection in time (L4TOUT)',
      'no connection in time (L4TOUT)',
      'no connection in time (L4TOUT)',
      'no connection in time (L4TOUT)',
    ]);
  });

  it('waits, after a restart, for the checks of a server that has got another address', async () => {
    const [a, b] = await inService(2);
    host.observed();
    host.crash();
    apply([a!, { ...b!, endpoint: a!.endpoint }]);
    expect([...host.members()].map(({ health }) => health)).toEqual(['up', 'initial']);
  });

  it('comes back with the health that was seen last, whatever has become of it since', async () => {
    const [a, b] = await inService(2);
    machines.setSick(b!, true);
    while (await clock.advance());
    host.observed();
    machines.setSick(a!, true);
    machines.setSick(b!, false);
    while (await clock.advance());
    expect([...host.members()].map(({ health }) => health)).toEqual(['down', 'up']);
    host.crash();
    host.start();
    expect([...host.members()].map(({ health }) => health)).toEqual(['up', 'initial']);
    while (await clock.advance());
    expect([...host.members()].map(({ health }) => health)).toEqual(['down', 'up']);
  });
});
