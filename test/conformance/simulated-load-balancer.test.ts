import type { DesiredState, LoadBalancerDriver } from '../../src/ports/load-balancer.ts';
import { sampleLoadBalancer } from '../haproxy-samples.ts';
import { Clients } from '../simulation/world/clients.ts';
import { calmConditions } from '../simulation/world/conditions.ts';
import { LoadBalancerHost } from '../simulation/world/load-balancer-host.ts';
import { Machines } from '../simulation/world/machines.ts';
import { createRandom } from '../simulation/world/random.ts';
import { SimLoadBalancer } from '../simulation/world/sim-load-balancer.ts';
import { Trace } from '../simulation/world/trace.ts';
import { settle, VirtualClock } from '../simulation/world/virtual-clock.ts';
import { describeLoadBalancerConformance } from './load-balancer.ts';
import { FAST_GROUP, type LoadBalancerWorld, type OpenRequest, type TestServer } from './load-balancer-world.ts';

const UNTIL_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
const WITNESS = { started: () => {}, terminated: () => {}, takenOut: () => {}, wentDown: () => {}, cut: () => {} };

async function make(): Promise<LoadBalancerWorld> {
  const clock = new VirtualClock();
  const random = createRandom(1);
  const trace = new Trace(clock, { keptLines: 10 });
  const calm = calmConditions({ minMs: 1, maxMs: 100 });
  // Every request is one of the tests' own.
  const conditions = { ...calm.loadBalancer, openRequests: [0, 0] } as const;
  const machines = new Machines(clock, random.fork('machines'), trace, calm.machines);
  const common = { clock, random: random.fork('web'), trace, conditions };
  const host = new LoadBalancerHost({ ...common, name: 'web', machines, witness: WITNESS });
  const clients = new Clients(host, machines);
  let servers = 0;
  let ended = false;
  const timePasses = (async () => {
    while (!ended) if (!(await clock.advance())) await settle();
  })();

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; waited < UNTIL_TIMEOUT_MS; waited += POLL_MS) {
      if (await isSo()) return;
      await clock.sleep(POLL_MS);
    }
    throw new Error(`not within ${UNTIL_TIMEOUT_MS} ms: ${what}\n${trace.lines.join('\n')}`);
  }

  async function server(): Promise<TestServer> {
    servers += 1;
    const machine = machines.launch(
      { fleet: 'test', provider: 'simulated', group: 'hello', instanceId: `i-${servers}`, zone: null },
      false,
    );
    await until('it answers', async () => machine.answering);
    return {
      endpoint: machine.endpoint,
      setHealthy: (healthy) => machines.setSick(machine, !healthy),
      kill: async () => machines.stop(machine, 'by itself'),
    };
  }

  const listener = { address: '10.1.0.1', port: 80, targetGroup: FAST_GROUP.name, trustedProxies: [] };
  return {
    driver: (): LoadBalancerDriver => new SimLoadBalancer({ ...common, host, onObserved: () => {} }),
    empty: {
      loadBalancer: { ...sampleLoadBalancer, listeners: [listener] },
      targetGroups: [FAST_GROUP],
      members: [],
    },
    targetGroup: FAST_GROUP.name,
    server,
    send: async () => clients.send(FAST_GROUP.name),
    open: async (): Promise<OpenRequest> => {
      const request = clients.open(FAST_GROUP.name);
      if (request === null) throw new Error('no server takes a request');
      return { endpoint: request.endpoint, finish: async () => request.finish() };
    },
    crash: async () => host.crash(),
    /** A listener where something else listens. */
    refusable: async (desired): Promise<DesiredState> => {
      const { endpoint } = await server();
      const listeners = [
        ...desired.loadBalancer.listeners,
        { ...endpoint, targetGroup: FAST_GROUP.name, trustedProxies: [] },
      ];
      return { ...desired, loadBalancer: { ...desired.loadBalancer, listeners } };
    },
    until,
    end: async () => {
      ended = true;
      await timePasses;
    },
  };
}

describeLoadBalancerConformance('the simulated load balancer', make);
