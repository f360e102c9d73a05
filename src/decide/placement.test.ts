import { describe, expect, it } from 'vitest';
import { failure, healthy, holds, reasons, states } from '../../test/support/decisions.ts';
import { type Circumstances, GROUP, machineOf, NOW, type Server, snapshotOf } from '../../test/support/snapshot.ts';
import { decide } from './decide.ts';
import type { Snapshot } from './snapshot.ts';

const ZONES = ['a', 'b', 'c'];
const inZone = (zone: string, ...ids: string[]): Server[] => healthy(...ids).map((server) => ({ ...server, zone }));
const template = (more: Partial<typeof GROUP.launchTemplate>) => ({
  launchTemplate: { ...GROUP.launchTemplate, ...more },
});
const launching = (id: string, zone: string, instanceType?: string): Server => ({
  id,
  zone,
  unlaunched: true,
  state: { name: 'launching', since: NOW - 1_000, retryAt: null },
  ...(instanceType === undefined ? {} : { instanceType }),
});

function decided(servers: readonly Server[], circumstances: Circumstances = {}, overrides: Partial<Snapshot> = {}) {
  return decide(snapshotOf(servers, { zones: ZONES, ...circumstances }, overrides), NOW);
}

/** Where a decision launches, in the order of the launches. */
const launched = (decision: ReturnType<typeof decide>) =>
  decision.changed.flatMap(({ state, placement }) => (state.name === 'launching' ? [placement] : []));
const zonesOf = (decision: ReturnType<typeof decide>) => launched(decision).map(({ zone }) => zone);
const noRoom = (id: string) => ({ kind: 'launchFailed', instanceId: id, failure: failure('NoCapacity') }) as const;
const full = (zone: string, untilMs: number, instanceType: string | null = null) => ({
  zone,
  instanceType,
  why: 'no room.',
  tries: 1,
  until: NOW + untilMs,
});

describe('launches', () => {
  it('go to the zone that has the fewest servers, the first named among several', () => {
    const group = { desiredCapacity: 6 };
    expect(zonesOf(decided(inZone('a', 'x'), { group }))).toEqual(['b', 'c', 'a', 'b', 'c']);
    expect(zonesOf(decided([], { group: { ...group, ...template({ zones: ['c', 'a'] }) } }))).toEqual([
      'c',
      'a',
      'c',
      'a',
      'c',
      'a',
    ]);
  });

  it('take the first instance type that has room', () => {
    const group = { desiredCapacity: 1, ...template({ zones: ['a'], instanceTypes: ['small', 'large'] }) };
    expect(launched(decided([], { group }))).toEqual([{ zone: 'a', instanceType: 'small' }]);
    const memory = { fullPlacements: [full('a', 5_000, 'small')] };
    expect(launched(decided([], { group, memory }))).toEqual([{ zone: 'a', instanceType: 'large' }]);
  });

  it('do not count what is about to leave, nor servers of another provider', () => {
    const other: Server = { ...healthy('o')[0], id: 'o', zone: 'b' };
    const snapshot = snapshotOf([...inZone('a', 'x'), other], { zones: ['a', 'b'], group: { desiredCapacity: 3 } });
    const instances = snapshot.instances.map((one) =>
      one.id === 'o' ? { ...one, launchTemplate: { ...one.launchTemplate, provider: 'elsewhere' } } : one,
    );
    expect(zonesOf(decide({ ...snapshot, instances }, NOW))).toEqual(['b']);
  });

  it('fall through to the next place at once where there is no room, and say so', () => {
    const group = { desiredCapacity: 2, ...template({ instanceTypes: ['small', 'large'] }) };
    const decision = decided(
      [...inZone('b', 'x'), launching('n', 'a', 'small')],
      { group, zones: ['a', 'b'] },
      { outcomes: [noRoom('n')] },
    );
    expect(launched(decision)).toEqual([{ zone: 'a', instanceType: 'large' }]);
    expect(reasons(decision)).toEqual(['noCapacity', 'launch']);
    expect(decision.activities[0]?.message).toMatch(/no room for n \(small in a\): .*\. Trying large in a instead\.$/);
    expect(decision.memory.fullPlacements).toMatchObject([{ zone: 'a', instanceType: 'small', tries: 1 }]);
    expect(decision.memory.launch.held).toBeNull();
    expect(holds(decision)).toContain('noCapacity');
  });

  it('go to another zone where a zone has no room for any type', () => {
    const memory = { fullPlacements: [full('a', 5_000)] };
    expect(zonesOf(decided([], { group: { desiredCapacity: 4 }, memory }))).toEqual(['b', 'c', 'b', 'c']);
  });

  it('wait when every place is full, until the first of them is asked again', () => {
    const memory = { fullPlacements: [full('a', 5_000), full('c', 4_000)] };
    const decision = decided(
      [launching('n', 'b')],
      { group: { desiredCapacity: 1 }, memory },
      { outcomes: [noRoom('n')] },
    );
    expect(launched(decision)).toEqual([]);
    expect(decision.memory.launch.held).toMatchObject({ reaction: 'NoCapacity', until: NOW + 4_000 });
    expect(holds(decision)).toContain('noCapacity');
    const later = decide(
      snapshotOf([], { zones: ZONES, group: { desiredCapacity: 1 }, memory: decision.memory }),
      NOW + 4_001,
    );
    expect(zonesOf(later)).toEqual(['c']);
  });

  it('wait longer each time that a place is full again, and not when a launch got through there', () => {
    const group = { desiredCapacity: 1 };
    const memory = { fullPlacements: [{ ...full('b', -1), tries: 3 }] };
    const again = decided([launching('n', 'b')], { group, memory }, { outcomes: [noRoom('n')] });
    expect(again.memory.fullPlacements).toMatchObject([{ zone: 'b', tries: 4 }]);
    const machine = machineOf({ id: 'n', zone: 'b' });
    const through = decided(
      [launching('n', 'b')],
      { group, memory },
      { outcomes: [{ kind: 'launched', instanceId: 'n', machine, at: NOW }] },
    );
    expect(through.memory.fullPlacements).toEqual([]);
  });

  it('have no place where there is one only', () => {
    expect(launched(decided([], { zones: [], group: { desiredCapacity: 1 } }))).toEqual([
      { zone: null, instanceType: null },
    ]);
  });
});

describe('scaling in', () => {
  it('takes from the zone that has the most servers, then by the termination policies', () => {
    const servers = [...inZone('a', 'a1', 'a2', 'a3'), ...inZone('b', 'b1'), ...inZone('c', 'c1', 'c2')];
    const decision = decided(servers, { group: { desiredCapacity: 3 } });
    expect(Object.keys(states(decision)).toSorted()).toEqual(['a1', 'a2', 'c1']);
  });

  it('takes what does not serve first, wherever it is', () => {
    const servers = [...inZone('a', 'a1', 'a2'), launching('n', 'b')];
    expect(states(decided(servers, { group: { desiredCapacity: 2 } }))).toEqual({ n: 'terminating' });
  });
});

describe('a zone that cannot be seen', () => {
  const lost = (zone: string, id: string): Server => ({ ...healthy(id)[0], id, zone, machine: null });

  it('has servers that count as they were, and others go on', () => {
    const decision = decided([...inZone('a', 'x'), lost('b', 'y')], { group: { desiredCapacity: 2 }, unseen: ['b'] });
    expect(states(decision)).toEqual({});
    expect(reasons(decision)).toEqual(['zoneUnseen']);
    expect(holds(decision)).toContain('zoneUnseen');
    const gone = decided([...inZone('a', 'x'), { ...lost('b', 'y'), target: 'unhealthy' }], {
      group: { desiredCapacity: 2 },
    });
    expect(reasons(gone)).toContain('machineGone');
  });

  it('proves nothing by one list of two, whichever of them could not see it', () => {
    const circumstances = { zones: ZONES, group: { desiredCapacity: 2 } };
    const servers = [...inZone('a', 'x'), { ...lost('b', 'y'), target: 'unhealthy' as const }];
    const seen = snapshotOf(servers, circumstances);
    const blind = snapshotOf(servers, { ...circumstances, unseen: ['b'] });
    if (seen.machines.kind !== 'seen' || blind.machines.kind !== 'seen') throw new Error('seen');
    const values = [
      { ...seen.machines.value, previous: blind.machines.value.previous },
      { ...blind.machines.value, previous: seen.machines.value.previous },
    ];
    for (const value of values) {
      expect(reasons(decide({ ...seen, machines: { kind: 'seen', value } }, NOW))).not.toContain('machineGone');
    }
  });

  it('is the one that a machine has moved to, where its provider moves machines', () => {
    const circumstances = { zones: ZONES, group: { desiredCapacity: 2 } };
    const snapshot = snapshotOf(inZone('a', 'x', 'y'), circumstances);
    if (snapshot.machines.kind !== 'seen') throw new Error('seen');
    const machines = new Map([...snapshot.machines.value.machines, ['y', machineOf({ id: 'y', zone: 'b' })]]);
    const moved = decide(
      { ...snapshot, machines: { kind: 'seen', value: { ...snapshot.machines.value, machines } } },
      NOW,
    );
    expect(moved.changed.map(({ id, placement }) => [id, placement.zone])).toEqual([['y', 'b']]);
    const dark = snapshotOf([...inZone('a', 'x'), { ...lost('b', 'y'), target: 'unhealthy', probe: 'healthy' }], {
      ...circumstances,
      unseen: ['b'],
    });
    const after = {
      ...dark,
      instances: dark.instances.map((one) => moved.changed.find(({ id }) => id === one.id) ?? one),
    };
    expect(reasons(decide(after, NOW))).not.toContain('machineGone');
  });

  it('may have given a server its address meanwhile: no launch has failed by that', () => {
    const waiting: Server = {
      ...launching('n', 'b'),
      unlaunched: false,
      machine: null,
      target: null,
      state: { name: 'launching', since: NOW - 3_600_000, retryAt: null },
    };
    const late = (unseen: readonly string[]) => {
      const snapshot = snapshotOf([waiting], { zones: ZONES, group: { desiredCapacity: 1 }, unseen });
      const instances = snapshot.instances.map((one) => ({
        ...one,
        machine: { id: 'm-n', addresses: [], ports: null, seenAt: NOW - 1 },
      }));
      return reasons(decide({ ...snapshot, instances }, NOW));
    };
    expect(late([])).toContain('launchFailed');
    expect(late(['b'])).toEqual(['zoneUnseen']);
  });

  it('holds a launch that was under way for as long as a launch may take, and then another zone has it', () => {
    const since = (agoMs: number): Server => ({
      ...launching('n', 'b'),
      state: { name: 'launching', since: NOW - agoMs, retryAt: null },
    });
    const circumstances = { group: { desiredCapacity: 1 }, unseen: ['b'] };
    const early = decided([since(GROUP.launchTimeoutMs - 1)], circumstances);
    expect([states(early), early.due.launch, early.wakeAt]).toEqual([{}, [], NOW + 1]);
    const late = decided([since(GROUP.launchTimeoutMs)], circumstances);
    expect(reasons(late)).toEqual(['zoneUnseen', 'launchFailed', 'launch']);
    expect([states(late).n, zonesOf(late)]).toEqual(['terminating', ['a']]);
    // A call that is under way has a bound of its own.
    const busy = decided([since(GROUP.launchTimeoutMs)], circumstances, { busy: new Set(['n']) });
    expect(reasons(busy)).toEqual(['zoneUnseen']);
  });

  it('gets no new servers', () => {
    const decision = decided(inZone('a', 'x'), { group: { desiredCapacity: 3 }, unseen: ['b'] });
    expect(zonesOf(decision)).toEqual(['c', 'a']);
    const none = decided([], { group: { desiredCapacity: 1 }, unseen: ZONES });
    expect(launched(none)).toEqual([]);
    expect(holds(none)).toContain('zoneUnseen');
  });

  it('is asked for nothing', () => {
    const ending: Server = {
      ...lost('b', 'y'),
      target: null,
      state: { name: 'terminating', since: NOW - 2_000, cause: 'scaleIn', retryAt: null, commandEnded: false },
    };
    expect(decided([ending], { group: { desiredCapacity: 0 }, unseen: ['b'] }).due.terminate).toEqual([]);
    expect(decided([{ ...ending, machine: 'running' }], { group: { desiredCapacity: 0 } }).due.terminate).toEqual([
      'y',
    ]);
  });

  it('is reported once, and its end too', () => {
    const first = decided(inZone('a', 'x', 'y', 'z'), { unseen: ['b'] });
    expect(reasons(first)).toEqual(['zoneUnseen']);
    expect(reasons(decided(inZone('a', 'x', 'y', 'z'), { unseen: ['b'], memory: first.memory }))).toEqual([]);
    expect(reasons(decided(inZone('a', 'x', 'y', 'z'), { memory: first.memory }))).toEqual(['zoneVisible']);
  });

  it('has its machines adopted when it comes into sight after the records were lost', () => {
    const group = { desiredCapacity: null, minSize: 1 };
    const found = [machineOf({ id: 'p', zone: 'a' }), machineOf({ id: 'q', zone: 'b' })];
    const listing = (servers: readonly Server[], machines: typeof found, circumstances: Circumstances) => {
      const snapshot = snapshotOf(servers, { zones: ZONES, group, ...circumstances });
      if (snapshot.machines.kind !== 'seen') throw new Error('seen');
      const listed = new Map(machines.map((machine) => [machine.instanceId, machine]));
      const value = {
        ...snapshot.machines.value,
        machines: listed,
        previous: { ...snapshot.machines.value, at: NOW - 1_000, machines: listed },
      };
      return decide({ ...snapshot, machines: { kind: 'seen', value } }, NOW);
    };
    const waiting = listing([], found.slice(0, 1), { unseen: ['b'], memory: { machinesListed: false } });
    expect(waiting.changed).toEqual([]);
    expect(waiting.memory).toMatchObject({ machinesListed: false, zonesAwaitedSince: NOW });
    const late = { machinesListed: false, zonesAwaitedSince: NOW - 60_000 };
    const first = listing([], found.slice(0, 1), { unseen: ['b'], memory: late });
    expect(first.memory).toMatchObject({ machinesListed: true, unlistedZones: ['process/b'], desired: 1 });
    const second = listing(inZone('a', 'p'), found, { memory: first.memory });
    expect(second.changed.map(({ id, placement }) => [id, placement.zone])).toEqual([['q', 'b']]);
    expect(reasons(second)).toContain('adopted');
    expect(second.memory).toMatchObject({ unlistedZones: [], desired: 2, orphans: [] });
  });
});
