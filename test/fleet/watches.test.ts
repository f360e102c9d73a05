import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Controller } from '../../src/control/controller.ts';
import { isSameProvider } from '../../src/fleet/providers.ts';
import { type AutoScalingGroup, DEFAULT_HISTORY, type Fleet } from '../../src/model/fleet.ts';
import type { Metric } from '../../src/model/metric.ts';
import { PortError } from '../../src/ports/errors.ts';
import { wholeList } from '../../src/ports/provider.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { anInstance, aVersion } from '../conformance/store-examples.ts';
import { VirtualClock } from '../simulation/world/virtual-clock.ts';
import { controllerOptionsOf, unexpected } from '../support/controller-options.ts';
import { GROUP } from '../support/snapshot.ts';
import { runUntilDone } from '../support/virtual-time.ts';

/** What is open and watched now, and load balancers that were terminated. */
let open: Set<string>;
let terminated: string[];
let failing: Set<string>;
let fleet: Fleet;
let version: number;
let controller: Controller;
let clock: VirtualClock;

const metric = (name: string, intervalMs = 1_000): Metric => ({
  name,
  source: 'file',
  settings: {},
  intervalMs,
  timeoutMs: 500,
  maxAgeMs: 60_000,
});
const group = (name: string, more: Partial<AutoScalingGroup> = {}): AutoScalingGroup => ({
  ...GROUP,
  name,
  targetGroups: [],
  minSize: 0,
  maxSize: 1,
  desiredCapacity: null,
  desiredCapacityFile: null,
  scalingPolicies: [],
  scheduledActions: [],
  metrics: [],
  launchTemplate: { ...GROUP.launchTemplate, provider: 'a' },
  ...more,
});
const fromProvider = (provider: string) => ({ launchTemplate: { ...GROUP.launchTemplate, provider } });

beforeEach(() => {
  open = new Set();
  terminated = [];
  failing = new Set();
  version = 0;
  clock = new VirtualClock();
  fleet = {
    name: 'shop',
    providers: [],
    loadBalancers: [],
    targetGroups: [],
    autoScalingGroups: [],
    notifications: [],
    history: DEFAULT_HISTORY,
  };
});
afterEach(() => within(controller.stop()));

/** Watched from now on, until the returned function is called. */
const watched = (what: string) => {
  open.add(what);
  return () => void open.delete(what);
};

const within = <T>(work: Promise<T>): Promise<T> => runUntilDone(clock, work, 20_000);
const pass = (forMs: number) => within(clock.sleep(forMs));

async function begin(options: { kind?: 'file' | 'api'; instances?: Parameters<typeof anInstance>[1][] } = {}) {
  const store = await openSqliteStore({ database: new DatabaseSync(':memory:') });
  const instances = (options.instances ?? []).map((one, index) => anInstance(`i-${index}`, one));
  if (instances.length > 0) await store.commit({ memory: null, instances, activities: [], fleetVersion: aVersion() });
  const read = async () => ({ fleet, document: { content: { fleet: 'shop', version: version++ }, baseDir: '/' } });
  controller = new Controller(
    controllerOptionsOf({
      source: options.kind === 'api' ? { kind: 'api' } : { kind: 'file', path: '/fleet.yaml', read },
      documents: { read: () => fleet, shown: (document) => document },
      store,
      keepsMachines: isSameProvider,
      provider: ({ name }) => {
        if (failing.has(`open ${name}`)) throw new PortError('Unauthorized', 'noToken', 'no token');
        open.add(name);
        return {
          provider: {
            list: async () => wholeList([]),
            launch: unexpected('launch'),
            terminate: unexpected('terminate'),
            watch: () => watched(`watch of ${name}`),
            close: async () => {
              if (failing.has(`close ${name}`)) throw new PortError('Transient', 'hangs', 'it hangs');
              open.delete(name);
            },
          },
          capabilities: {
            listIntervalMs: 1_000,
            listGapMs: 50,
            listLagMs: 0,
            concurrentOperations: 1,
            terminateTimeoutMs: 60_000,
            ports: 'assigned',
            zones: [],
            instanceTypes: false,
          },
        };
      },
      loadBalancer: (name) => ({
        apply: unexpected('apply'),
        observe: unexpected('observe'),
        watch: unexpected('watch'),
        stop: async () => void terminated.push(name),
        close: async () => {},
      }),
      existingLoadBalancers: async () => ['left'],
      metricSource: ({ name }) => ({
        read: async () => ({ kind: 'value', value: 1, at: clock.now() }),
        watch: () => watched(`metric ${name}`),
      }),
      desiredFile: (path) => ({
        read: async () => ({ kind: 'missing', code: 'absent', detail: '', at: clock.now() }),
        watch: () => watched(path),
      }),
      clock,
      ids: { seed: () => 'x' },
      onProblem: (message) => expect.fail(message),
    }),
  );
  await within(controller.start());
  await pass(1_000);
}

async function change(...groups: AutoScalingGroup[]) {
  fleet = { ...fleet, autoScalingGroups: groups };
  const applied = await within(controller.configuration.reload());
  await pass(2_000);
  return applied;
}

it('watches that nobody uses end, and those that go on are left alone', async () => {
  fleet = {
    ...fleet,
    autoScalingGroups: [group('web', { metrics: [metric('cpu'), metric('jobs')], desiredCapacityFile: '/d' })],
  };
  await begin();
  expect([...open].toSorted()).toEqual(['/d', 'a', 'metric cpu', 'metric jobs', 'watch of a']);
  open.add('metric cpu, as it was');
  await change(group('web', { metrics: [metric('cpu'), metric('mail')] }), group('more', fromProvider('b')));
  expect([...open].toSorted()).toEqual(
    ['a', 'b', 'metric cpu', 'metric cpu, as it was', 'metric mail', 'watch of a', 'watch of b'].toSorted(),
  );
  await change(group('web', { metrics: [metric('cpu')] }));
  expect([...open].toSorted()).toEqual(['a', 'metric cpu', 'metric cpu, as it was', 'watch of a']);
});

it('a provider is open for as long as one of its servers is there', async () => {
  fleet = { ...fleet, autoScalingGroups: [group('web', fromProvider('b'))] };
  const launchTemplate = { ...GROUP.launchTemplate, provider: 'a' };
  await begin({ instances: [{ group: 'web', launchTemplate, machine: null, state: { name: 'inService', since: 1 } }] });
  expect(open).toContain('a');
  // Its machine is gone: it is replaced, and its record ended.
  await pass(600_000);
  expect([...open].toSorted()).toEqual(['b', 'watch of b']);
});

it('a provider that cannot be opened, or not be closed, is tried again and hinders nobody else', async () => {
  fleet = { ...fleet, autoScalingGroups: [group('web')] };
  await begin();
  failing = new Set(['open b', 'close a']);
  const { pending } = await change(group('other', fromProvider('b')), group('more', fromProvider('c')));
  expect(pending).toEqual([
    'Opening provider b is tried again: no token',
    'Closing provider a is tried again: it hangs',
  ]);
  expect(open).toContain('c');
  expect(controller.status().groups.map(({ name }) => name)).toEqual(['other', 'more']);
  failing.clear();
  await pass(60_000);
  expect([...open].toSorted()).toEqual(['b', 'c', 'watch of b', 'watch of c']);
});

it('a load balancer that an earlier controller has left is terminated, once it is known what the fleet is', async () => {
  await begin({ kind: 'api' });
  await pass(120_000);
  expect(terminated).toEqual([]);
  fleet = { ...fleet, autoScalingGroups: [group('web')] };
  const document = { content: { fleet: 'shop' }, baseDir: '/' };
  await within(controller.configuration.apply(document, { caller: 'curl', madeFrom: 0 }));
  expect(terminated).toEqual(['left']);
});

it('a group that has servers is not taken away', async () => {
  fleet = { ...fleet, autoScalingGroups: [group('web'), group('more')] };
  await begin({
    instances: [{ group: 'web', machine: null, state: { name: 'launching', since: clock.now(), retryAt: null } }],
  });
  await expect(change(group('more'))).rejects.toMatchObject({ code: 'conflict' });
  expect(controller.status().groups.map(({ name }) => name)).toEqual(['web', 'more']);
});
