import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Controller } from '../../src/control/controller.ts';
import type { FleetSource } from '../../src/control/fleet-configuration.ts';
import { ServiceError } from '../../src/control/service.ts';
import { isSameProvider } from '../../src/fleet/providers.ts';
import { DEFAULT_HISTORY, type Fleet } from '../../src/model/fleet.ts';
import type { FleetDocument } from '../../src/model/fleet-version.ts';
import { PortError } from '../../src/ports/errors.ts';
import { wholeList } from '../../src/ports/provider.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { anInstance } from '../conformance/store-examples.ts';
import { VirtualClock } from '../simulation/world/virtual-clock.ts';
import { controllerOptionsOf } from '../support/controller-options.ts';
import { GROUP } from '../support/snapshot.ts';
import { runUntilDone } from '../support/virtual-time.ts';

/** Documents name a fleet and the sizes of its groups; a group that is written as text is not valid. */
type Sizes = Readonly<Record<string, number | string>>;
const documentOf = (groups: Sizes, fleet = 'shop'): FleetDocument => ({ content: { fleet, groups }, baseDir: '/srv' });

function fleetOf({ content }: FleetDocument, name: string): Fleet {
  const groups = Object.entries(content.groups as Sizes);
  const wrong = groups.find(([, size]) => typeof size === 'string');
  if (wrong !== undefined) throw new ServiceError('invalid', `${name}: groups.${wrong[0]}: a number is expected`);
  return {
    name: String(content.fleet),
    providers: [
      { name: GROUP.launchTemplate.provider, type: 'cloud', settings: { region: String(content.region ?? 'north') } },
    ],
    loadBalancers: [],
    targetGroups: [],
    autoScalingGroups: groups.map(([group, size]) => ({
      ...GROUP,
      name: group,
      targetGroups: [],
      minSize: 0,
      maxSize: Number(size),
      desiredCapacity: null,
      metrics: [],
      scalingPolicies: [],
      scheduledActions: [],
    })),
    notifications: [],
    history: DEFAULT_HISTORY,
  };
}

let database: DatabaseSync;
let store: Store;
let clock: VirtualClock;
let file: FleetDocument;
let isFull: boolean;
let controller: Controller;
const fromFile: FleetSource = {
  kind: 'file',
  path: '/srv/fleet.yaml',
  read: async () => ({ fleet: fleetOf(file, 'the file'), document: file }),
};

beforeEach(async () => {
  database = new DatabaseSync(':memory:');
  store = await openSqliteStore({ database });
  clock = new VirtualClock();
  file = documentOf({ web: 3 });
  isFull = false;
});

afterEach(async () => {
  await within(controller.stop());
  await store.close();
});

const within = <T>(work: Promise<T>): Promise<T> => runUntilDone(clock, work, 10_000);

async function begin(source: FleetSource = { kind: 'api' }): Promise<Controller> {
  const guarded: Store = {
    ...store,
    commit: async (change) => {
      if (isFull) throw new PortError('NoCapacity', 'diskFull', 'the disk is full');
      await store.commit(change);
    },
    close: async () => {},
  };
  const unasked = () => expect.fail('no machine is launched or terminated here');
  const machines = {
    launch: unasked,
    terminate: unasked,
    list: async () => wholeList([]),
    watch: () => () => {},
    close: async () => {},
  };
  const options = controllerOptionsOf({
    source,
    documents: {
      read: fleetOf,
      shown: ({ baseDir }: FleetDocument) => ({ content: { fleet: '(not shown)' }, baseDir }),
    },
    store: guarded,
    provider: () => ({
      provider: machines,
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
    }),
    keepsMachines: isSameProvider,
    clock,
  });
  controller = new Controller(options);
  await within(controller.start());
  return controller;
}

const by = (madeFrom: number) => ({ caller: 'curl/8', madeFrom });
const apply = (groups: Sizes, madeFrom: number) =>
  within(controller.configuration.apply(documentOf(groups), by(madeFrom)));
const reload = () => within(controller.configuration.reload());
const origins = async () => (await store.fleetVersions()).map(({ number, origin }) => ({ number, ...origin }));
const sizes = () => controller.status().groups.map(({ name, maxSize }) => `${name} ${maxSize}`);
const reported = async (reason: string) =>
  (await store.activities({ limit: 100 })).filter((one) => one.reason === reason).map(({ message }) => message);
const settled = () => within(clock.sleep(1_000));

describe('a fleet that a file owns', () => {
  it('is recorded as a version when it is followed first, and when it has changed', async () => {
    await begin(fromFile);
    expect(await origins()).toEqual([{ number: 1, kind: 'file', path: '/srv/fleet.yaml' }]);
    expect(await reload()).toEqual({ version: 1, changes: [], pending: [] });
    file = documentOf({ web: 5 });
    expect(await reload()).toMatchObject({
      version: 2,
      changes: [{ path: 'autoScalingGroups.web.maxSize', before: '3', after: '5' }],
    });
    expect(sizes()).toEqual(['web 5']);
    expect(await reported('fleetChanged')).toEqual([
      'Applied version 2 of the fleet, from /srv/fleet.yaml: autoScalingGroups.web.maxSize: 3 -> 5.',
    ]);
  });

  it('that has changed while no controller ran is a new version at the next start', async () => {
    await begin(fromFile);
    await within(controller.stop());
    await begin(fromFile);
    expect(await origins()).toHaveLength(1);
    await within(controller.stop());
    file = documentOf({ web: 5 });
    await begin(fromFile);
    expect((await origins())[0]?.number).toBe(2);
    expect(await reported('fleetChanged')).toHaveLength(1);
  });

  it('is changed there and nowhere else: others are told where, and what to do', async () => {
    await begin(fromFile);
    const refused = { code: 'conflict', message: expect.stringContaining('/srv/fleet.yaml owns') };
    await expect(apply({ web: 9 }, 1)).rejects.toMatchObject(refused);
    await expect(within(controller.configuration.plan(documentOf({ web: 9 })))).rejects.toMatchObject(refused);
    await expect(within(controller.configuration.rollback(1, by(1)))).rejects.toThrow(/drover fleet show 1.*put it/);
    expect(await origins()).toHaveLength(1);
  });

  it('of reloads at the same time each reads the file when it is its turn, and the last one wins', async () => {
    await begin(fromFile);
    const reloads = [2, 4, 6].map((size) => {
      file = documentOf({ web: size, [`g${size}`]: 1 });
      return controller.configuration.reload();
    });
    const applied = await within(Promise.all(reloads));
    expect(applied.map(({ version }) => version).toSorted()).toEqual([2, 2, 2]);
    await settled();
    expect(sizes().toSorted()).toEqual(['g6 1', 'web 6']);
  });

  it('stays as it was where a change cannot be recorded', async () => {
    await begin(fromFile);
    file = documentOf({ web: 5 });
    isFull = true;
    await expect(reload()).rejects.toThrow('the disk is full');
    expect(sizes()).toEqual(['web 3']);
    await within(controller.stop());
    await begin(fromFile);
    expect(sizes()).toEqual(['web 3']);
    isFull = false;
    expect(await reload()).toMatchObject({ version: 2 });
    expect(sizes()).toEqual(['web 5']);
  });

  it('is not started with a name that its servers do not carry', async () => {
    await begin(fromFile);
    await within(controller.stop());
    await store.commit({ memory: null, instances: [anInstance('i-1', { group: 'web' })], activities: [] });
    file = documentOf({ web: 3 }, 'other');
    await expect(begin(fromFile)).rejects.toThrow('cannot change from shop to other');
  });

  it('is not followed where a provider of its servers would be another one, at its start as at a reload', async () => {
    await begin(fromFile);
    await within(controller.stop());
    const instance = anInstance('i-1', { group: 'web' });
    const launchTemplate = { ...instance.launchTemplate, provider: GROUP.launchTemplate.provider };
    await store.commit({ memory: null, instances: [{ ...instance, launchTemplate }], activities: [] });
    const north = file;
    file = { ...north, content: { ...north.content, region: 'south' } };
    const refusal = `Provider ${GROUP.launchTemplate.provider} would be another one, or gone, while 1 server from it runs`;
    await expect(begin(fromFile)).rejects.toThrow(refusal);
    file = north;
    await begin(fromFile);
    await settled();
    file = { ...north, content: { ...north.content, region: 'south' } };
    await expect(within(controller.configuration.reload())).rejects.toThrow(refusal);
  });
});

describe('a fleet that the API owns', () => {
  it('is waited for, and begins with its first version', async () => {
    await begin();
    expect(controller.status()).toMatchObject({ fleet: '', fleetFile: null, fleetVersion: 0, groups: [] });
    await settled();
    expect(await reported('controllerStarted')).toEqual([
      'Drover 1 (pid 7) started; it waits for its fleet: `drover apply <file>`.',
    ]);
    expect(await apply({ web: 3 }, 0)).toMatchObject({ version: 1, pending: [] });
    expect(controller.status()).toMatchObject({ fleet: 'shop', fleetVersion: 1 });
    expect(sizes()).toEqual(['web 3']);
    expect(await origins()).toEqual([{ number: 1, kind: 'api', caller: 'curl/8' }]);
  });

  it('goes on with its newest version at the next start', async () => {
    await begin();
    await apply({ web: 3 }, 0);
    await apply({ web: 4, more: 1 }, 1);
    await within(controller.stop());
    await begin();
    await settled();
    expect(sizes()).toEqual(['web 4', 'more 1']);
  });

  it('is not changed by who did not know of the version in force', async () => {
    await begin();
    await apply({ web: 3 }, 0);
    await apply({ web: 4 }, 1);
    const stale = { code: 'staleVersion', message: expect.stringContaining('made from version 1') };
    await expect(apply({ web: 9 }, 1)).rejects.toMatchObject(stale);
    await expect(within(controller.configuration.rollback(1, by(1)))).rejects.toMatchObject(stale);
    const both = [apply({ web: 5 }, 2), apply({ web: 6 }, 2)];
    const results = await Promise.allSettled(both);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(sizes()).toEqual(['web 5']);
  });

  it('comes back to an earlier version, as a new one', async () => {
    await begin();
    await apply({ web: 3 }, 0);
    await apply({ web: 7 }, 1);
    expect(await within(controller.configuration.rollback(1, by(2)))).toMatchObject({ version: 3 });
    expect(sizes()).toEqual(['web 3']);
    expect((await origins())[0]).toEqual({ number: 3, kind: 'rollback', caller: 'curl/8', to: 1 });
    expect((await reported('fleetChanged')).at(-1)).toContain('version 1 brought back by curl/8');
    await expect(within(controller.configuration.rollback(8, by(3)))).rejects.toMatchObject({ code: 'notFound' });
  });

  it('is not changed by what is not valid, nor by what would take a group with servers away', async () => {
    await begin();
    await apply({ web: 3 }, 0);
    await expect(apply({ web: 'three' }, 1)).rejects.toMatchObject({
      code: 'invalid',
      message: 'the document: groups.web: a number is expected',
    });
    await expect(reload()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('no fleet file'),
    });
    expect(await origins()).toHaveLength(1);
  });

  it('is compared as fleets, and shown without what may be secret', async () => {
    await begin();
    await apply({ web: 3 }, 0);
    await apply({ web: 4 }, 1);
    expect(await controller.configuration.compare(2, 1)).toMatchObject([{ before: '4', after: '3' }]);
    expect((await controller.configuration.version(1)).document.content).toEqual({ fleet: '(not shown)' });
    expect(await controller.configuration.plan(documentOf({ web: 9 }))).toMatchObject({
      madeFrom: 2,
      changes: [{ before: '4', after: '9' }],
    });
    expect((await controller.configuration.versions()).owner).toEqual({ kind: 'api' });
  });

  it('does not begin over servers that no version explains', async () => {
    await store.commit({
      memory: null,
      instances: [anInstance('i-1', { group: 'web' })],
      activities: [],
    });
    await expect(begin()).rejects.toThrow(/1 servers? and no version/);
  });
});
