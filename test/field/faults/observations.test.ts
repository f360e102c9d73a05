/** How often groups are checked and load balancers observed, and how often something is recorded: counted, not timed. */

import { afterEach, describe, expect, it } from 'vitest';
import { Loops } from '../../../src/control/loops.ts';
import { stepsLeft } from '../../../src/control/reconcile.ts';
import { type AutoScalingGroup, DEFAULT_HISTORY, type Fleet } from '../../../src/model/fleet.ts';
import type { Machine } from '../../../src/model/observation.ts';
import { NO_TRAFFIC, WHOLE_TRAFFIC } from '../../../src/model/observation.ts';
import { PortError } from '../../../src/ports/errors.ts';
import type { DesiredState, LoadBalancerDriver } from '../../../src/ports/load-balancer.ts';
import { type Provider, wholeList } from '../../../src/ports/provider.ts';
import type { Change } from '../../../src/ports/store.ts';
import { sampleLoadBalancer } from '../../haproxy-samples.ts';
import { VirtualClock } from '../../simulation/world/virtual-clock.ts';
import { controllerOptionsOf, storeOf } from '../../support/controller-options.ts';
import { GROUP, TARGET_GROUP } from '../../support/snapshot.ts';

const MANY = 200;

/** Groups `a` and `b`, each behind a load balancer of its own; machines that take turns in coming and going, a millisecond each. */
class World {
  readonly clock = new VirtualClock();
  readonly commits: Change[] = [];
  readonly applied = new Map<string, number>();
  /** Times that the group's scaling policies were asked for: the same number at each check. */
  readonly reads = new Map<string, number>();
  readonly machines = new Map<string, Machine>();
  readonly #desired = new Map<string, DesiredState>();
  readonly #names = ['a', 'b'];
  readonly loops: Loops;
  #seeds = 0;
  #queue = 0;

  constructor(size: number) {
    const names = this.#names;
    const fleet: Fleet = {
      name: 'two',
      providers: [],
      loadBalancers: names.map((name) => ({
        ...sampleLoadBalancer,
        name,
        listeners: [{ address: '127.0.0.1', port: 5000, targetGroup: name, trustedProxies: [] }],
      })),
      targetGroups: names.map((name) => ({ ...TARGET_GROUP, name })),
      autoScalingGroups: names.map((name) =>
        this.#counting({ ...GROUP, name, targetGroups: [name], minSize: 0, maxSize: MANY, desiredCapacity: size }),
      ),
      notifications: [],
      history: DEFAULT_HISTORY,
    };
    const options = controllerOptionsOf({
      clock: this.clock,
      ids: { seed: () => `${this.#seeds++}` },
      store: storeOf({ commit: async (change) => void this.commits.push(change) }),
      provider: () => ({
        provider: this.#provider(),
        capabilities: {
          listIntervalMs: 1_000,
          listGapMs: 50,
          listLagMs: 0,
          concurrentOperations: MANY,
          terminateTimeoutMs: 60_000,
          ports: 'assigned',
          zones: [],
          instanceTypes: false,
        },
      }),
      loadBalancer: (name) => this.#loadBalancer(name),
      probe: { check: async () => ({ healthy: true, answered: true, detail: 'answered 200' }) },
      onProblem: (message) => expect.fail(message),
    });
    this.loops = new Loops(options, {
      mode: () => 'up',
      report: async () => {},
      onChanged: () => {},
      hint: () => {},
    });
    this.loops.follow(fleet);
    this.loops.start({ groups: new Map(), instances: [] });
    const { signal } = new AbortController();
    for (const step of stepsLeft(fleet, this.loops.running, false)) void this.loops.perform(step, signal);
  }

  group(name: string) {
    const loop = this.loops.groups.find(({ group }) => group.name === name);
    if (loop === undefined) throw new Error(`no group ${name}`);
    return loop;
  }

  serving(name: string): number {
    return this.group(name).instances.filter(({ state }) => state.name === 'inService').length;
  }

  async resize(name: string, desired: number): Promise<void> {
    const command = { kind: 'setDesiredCapacity', desired } as const;
    await this.group(name).obey(command, () => ({ balanced: new Set(), others: [] }));
  }

  async pass(forMs: number): Promise<void> {
    const until = this.clock.elapsedMs + forMs;
    while (this.clock.elapsedMs < until && (await this.clock.advance()));
  }

  async until(isSo: () => boolean): Promise<void> {
    const patienceUntil = this.clock.elapsedMs + 120_000;
    while (!isSo()) {
      if (this.clock.elapsedMs > patienceUntil) throw new Error('it does not come to that');
      await this.clock.advance();
    }
  }

  /** What is counted in between. */
  async counted(step: () => Promise<void>) {
    const before = { commits: this.commits.length, reads: new Map(this.reads), applied: new Map(this.applied) };
    await step();
    const since = (now: ReadonlyMap<string, number>, then: ReadonlyMap<string, number>) =>
      Object.fromEntries(this.#names.map((name) => [name, (now.get(name) ?? 0) - (then.get(name) ?? 0)]));
    const [reads, applied] = [since(this.reads, before.reads), since(this.applied, before.applied)];
    return {
      commits: this.commits.length - before.commits,
      reads: (name: string) => reads[name] ?? Number.NaN,
      applied: (name: string) => applied[name] ?? Number.NaN,
    };
  }

  #counting(group: AutoScalingGroup): AutoScalingGroup {
    return new Proxy(group, {
      get: (target, key) => {
        if (key === 'scalingPolicies') this.reads.set(group.name, (this.reads.get(group.name) ?? 0) + 1);
        return Reflect.get(target, key);
      },
    });
  }

  /** Operations that were begun together end one after the other. */
  async #takesItsTurn(): Promise<void> {
    this.#queue += 1;
    await this.clock.sleep(this.#queue);
    this.#queue -= 1;
  }

  #provider(): Provider {
    return {
      launch: async ({ instanceId, group }) => {
        await this.#takesItsTurn();
        const port = 10_000 + this.machines.size;
        const place = { addresses: ['127.0.0.1'], ports: [{ port, hostPort: port }] };
        const about = { launchedAt: this.clock.now(), zone: null, detail: '' };
        const machine = { id: instanceId, instanceId, group, state: 'running', ...place, ...about } as const;
        this.machines.set(instanceId, machine);
        return machine;
      },
      list: async () => wholeList([...this.machines.values()]),
      terminate: async (id) => {
        if (!this.machines.has(id)) throw new PortError('NotFound', 'none', `there is no ${id}`);
        await this.#takesItsTurn();
        this.machines.delete(id);
      },
      watch: () => () => {},
      close: async () => {},
    };
  }

  #loadBalancer(name: string): LoadBalancerDriver {
    return {
      apply: async (desired) => {
        this.#desired.set(name, desired);
        this.applied.set(name, (this.applied.get(name) ?? 0) + 1);
      },
      observe: async () => {
        const { members = [], loadBalancer } = this.#desired.get(name) ?? {};
        const targets = members.map(({ instanceId, state }) => {
          const health = state === 'draining' ? ('draining' as const) : ('healthy' as const);
          return { instanceId, health, detail: '', idleObservations: 9, traffic: NO_TRAFFIC };
        });
        return {
          at: this.clock.now(),
          version: '',
          ...WHOLE_TRAFFIC,
          listeners: loadBalancer?.listeners ?? [],
          targetGroups: [{ name, traffic: NO_TRAFFIC, targets }],
        };
      },
      watch: () => () => {},
      stop: async () => {},
      close: async () => {},
    };
  }
}

let world: World | null = null;
afterEach(async () => {
  const stopped = world?.loops.stop();
  await world?.pass(1_000);
  await stopped;
  world = null;
});

async function settled(size: number): Promise<World> {
  world = new World(size);
  const made = world;
  await made.until(() => made.serving('a') === size && made.serving('b') === size);
  await made.pass(10_000);
  return made;
}

describe('what ends in a burst', () => {
  it('is gathered: two hundred launches and two hundred endings cost no commit each', async () => {
    const fleet = await settled(1);
    const launch = await fleet.counted(async () => {
      await fleet.resize('a', MANY);
      await fleet.until(() => fleet.serving('a') === MANY);
    });
    expect(launch.commits).toBeLessThan(MANY / 5);
    const end = await fleet.counted(async () => {
      await fleet.resize('a', 0);
      await fleet.until(() => fleet.group('a').instances.length === 0);
    });
    expect(end.commits).toBeLessThan(MANY / 5);
    expect(launch.applied('a') + end.applied('a')).toBeLessThan(MANY / 5);
  });
});

describe('a change in one group', () => {
  it('wakes that group and its load balancer only', async () => {
    const fleet = await settled(3);
    const calm = await fleet.counted(() => fleet.pass(60_000));
    const busy = await fleet.counted(async () => {
      for (let second = 0; second < 60; second += 2) {
        await fleet.resize('a', 3 + (second % 4));
        await fleet.pass(2_000);
      }
    });
    expect(busy.reads('a')).toBeGreaterThan(3 * calm.reads('a'));
    expect(busy.reads('b')).toBeLessThanOrEqual(calm.reads('b') * 1.1);
    expect(busy.applied('a')).toBeGreaterThan(20);
    expect(busy.applied('b')).toBe(calm.applied('b'));
  });
});
