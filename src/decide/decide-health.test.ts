import { describe, expect, it } from 'vitest';
import { failure, healthy, holds, reasons, states, unhealthySince } from '../../test/support/decisions.ts';
import { addressesOf, machineOf, NOW, placesIn, type Server, snapshotOf } from '../../test/support/snapshot.ts';
import { LAUNCHING_WORKS } from '../model/group-memory.ts';
import { decide } from './decide.ts';

const blind = { kind: 'blind', since: NOW - 9_000, failure: failure('Transient') } as const;

describe('unhealthy servers', () => {
  it('are replaced one at a time', () => {
    const servers = [
      ...healthy('a', 'b', 'c'),
      { id: 'x', ...unhealthySince(90_000) },
      { id: 'y', ...unhealthySince(80_000) },
    ];
    const decision = decide(snapshotOf(servers, { group: { desiredCapacity: 5 } }), NOW);
    expect(states(decision)).toMatchObject({ x: 'draining' });
    expect(reasons(decision)).toEqual(['replaceUnhealthy', 'launch']);
    expect(holds(decision)).toContain('replacementBudget');
  });

  it('are left alone in their grace period', () => {
    const young = { id: 'x', createdAgoMs: 10_000, ...unhealthySince(1_000) };
    const decision = decide(snapshotOf([...healthy('a', 'b'), young]), NOW);
    expect(decision.changed).toEqual([]);
    expect(decision.wakeAt).toBe(NOW + 20_000);
  });

  it('wait while a replacement is still missing', () => {
    const launching: Server = { id: 'n', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: null } };
    const decision = decide(snapshotOf([...healthy('a'), { id: 'x', ...unhealthySince(90_000) }, launching]), NOW);
    expect(decision.changed).toEqual([]);
    expect(holds(decision)).toContain('replacementBudget');
  });

  it('are left alone while launching does not work', () => {
    const memory = { launch: { ...LAUNCHING_WORKS, failures: 3, notBefore: NOW + 5_000, suspended: null } };
    expect(
      decide(snapshotOf([...healthy('a', 'b'), { id: 'x', ...unhealthySince(90_000) }], { memory }), NOW).changed,
    ).toEqual([]);
  });
});

describe('the health brake', () => {
  it('holds when more than a fifth, and more than one, fail within its window, and lets go when it is over', () => {
    const servers = [
      ...healthy('a', 'b', 'c'),
      { id: 'x', ...unhealthySince(10_000) },
      { id: 'y', ...unhealthySince(9_000) },
    ];
    const circumstances = {
      group: { desiredCapacity: 5 },
      memory: { unhealthyAt: { x: NOW - 10_000, y: NOW - 9_000 } },
    };
    const held = decide(snapshotOf(servers, circumstances), NOW);
    expect(held.changed).toEqual([]);
    expect(reasons(held)).toEqual(['replacementHeld']);
    expect(held.wakeAt).toBe(NOW + 50_000);
    const again = decide(snapshotOf(servers, { ...circumstances, memory: held.memory }), NOW);
    expect(again.activities).toEqual([]);
    const later = decide(
      snapshotOf(servers, { ...circumstances, memory: { ...held.memory, unhealthyAt: { x: NOW - 60_000 } } }),
      NOW,
    );
    expect(reasons(later)).toEqual(['replacementResumed', 'replaceUnhealthy', 'launch']);
  });

  it('holds while all are unhealthy, for as long as that lasts', () => {
    const servers = ['x', 'y', 'z'].map((id) => ({ id, ...unhealthySince(900_000) }));
    const decision = decide(snapshotOf(servers), NOW);
    expect(decision.changed).toEqual([]);
    expect(reasons(decision)).toEqual(['replacementHeld']);
  });

  it('does not block a group of one or of three', () => {
    expect(
      reasons(decide(snapshotOf([{ id: 'x', ...unhealthySince(90_000) }], { group: { desiredCapacity: 1 } }), NOW)),
    ).toContain('replaceUnhealthy');
    expect(reasons(decide(snapshotOf([...healthy('a', 'b'), { id: 'x', ...unhealthySince(90_000) }]), NOW))).toContain(
      'replaceUnhealthy',
    );
  });

  it('counts one that comes and goes once', () => {
    const good = { id: 'x', target: 'unhealthy' } as const;
    const bad = { id: 'x', ...unhealthySince(1_000), target: 'healthy' } as const;
    const step = (server: Server, memory: Parameters<typeof snapshotOf>[1]) =>
      decide(snapshotOf([...healthy('a', 'b', 'c', 'd'), server], memory), NOW);
    const first = step(good, { group: { desiredCapacity: 5 } });
    const again = step(bad, { group: { desiredCapacity: 5 }, memory: first.memory });
    const third = step(good, { group: { desiredCapacity: 5 }, memory: again.memory });
    const told = [first, again, third].flatMap((decision) => reasons(decision));
    expect(told).toEqual(['unhealthy', 'recovered', 'unhealthy']);
    expect(third.memory.unhealthyAt).toEqual({ x: NOW });
  });

  it('is reported when the provider has listed the machines since, and not where they turn out to have stopped', () => {
    const failing: Server[] = ['x', 'y'].map((id) => ({ id, target: 'unhealthy' }));
    const stopped: Server[] = failing.map((server) => ({ ...server, machine: 'stopped' }));
    const circumstances = { group: { desiredCapacity: 5 } };
    const first = decide(snapshotOf([...healthy('a', 'b', 'c'), ...failing], circumstances), NOW);
    expect(reasons(first)).toEqual(['unhealthy', 'unhealthy']);
    expect(holds(first)).toContain('healthBrake');
    expect(first.awaitsList).toBe(true);
    const later = (servers: readonly Server[]) => {
      const snapshot = snapshotOf(servers, { ...circumstances, memory: first.memory, seenAgoMs: -10 });
      const changed = new Map(first.changed.map((instance) => [instance.id, instance]));
      const instances = snapshot.instances.map((instance) => changed.get(instance.id) ?? instance);
      return decide({ ...snapshot, instances }, NOW + 20);
    };
    expect(reasons(later([...healthy('a', 'b', 'c'), ...failing]))).toEqual(['replacementHeld']);
    const reported = reasons(later([...healthy('a', 'b', 'c'), ...stopped]));
    expect(reported).toContain('machineStopped');
    expect(reported).not.toContain('replacementHeld');
    expect(reported).not.toContain('replacementResumed');
  });

  it('lets grace periods begin anew after all were unhealthy, though it was not reported', () => {
    const failing: Server[] = ['x', 'y', 'z'].map((id) => ({ id, target: 'unhealthy' }));
    const first = decide(snapshotOf(failing), NOW);
    expect(reasons(first)).not.toContain('replacementHeld');
    const again = decide(snapshotOf(healthy('x', 'y', 'z'), { memory: first.memory }), NOW + 1_000);
    expect(again.memory.seenAgainAt).toBe(NOW + 1_000);
  });

  it('does not hold back machines that have stopped', () => {
    const servers: Server[] = ['x', 'y', 'z'].map((id) => ({ id, target: 'unhealthy', machine: 'stopped' }));
    const decision = decide(snapshotOf(servers), NOW);
    expect(states(decision)).toMatchObject({ x: 'terminating', y: 'terminating', z: 'terminating' });
    expect(reasons(decision).filter((reason) => reason === 'launch')).toHaveLength(3);
    expect(decision.memory.unhealthyAt).toEqual({});
  });
});

describe('without sight', () => {
  it.each([
    ['of the provider', { machines: blind }],
    ['of the load balancer', { targets: new Map([['web', blind]]) }],
  ])('%s nothing is launched, replaced or scaled in', (_, overrides) => {
    for (const servers of [
      healthy('a'),
      healthy('a', 'b', 'c', 'd'),
      [...healthy('a', 'b'), { id: 'x', ...unhealthySince(90_000) }],
    ]) {
      const decision = decide(snapshotOf(servers, {}, overrides), NOW);
      expect(decision.changed).toEqual([]);
      expect(decision.holds).toHaveLength(1);
    }
  });

  it('is told once, and its end too', () => {
    const first = decide(snapshotOf([], {}, { machines: blind }), NOW);
    expect(reasons(first)).toEqual(['providerBlind']);
    const second = decide(snapshotOf([], { memory: first.memory }, { machines: blind }), NOW);
    expect(second.activities).toEqual([]);
    expect(reasons(decide(snapshotOf(healthy('a', 'b', 'c'), { memory: first.memory }), NOW))).toEqual([
      'providerVisible',
    ]);
  });

  it('what was begun goes on', () => {
    const launching: Server = { id: 'n', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: null } };
    expect(decide(snapshotOf([launching], {}, { machines: blind }), NOW).due.launch).toEqual(['n']);
  });
});

describe('after a time without sight', () => {
  it('the grace period begins anew', () => {
    const late: Server = {
      id: 'n',
      createdAgoMs: 31_000,
      ...unhealthySince(20_000),
      state: { name: 'booting', since: NOW - 30_500 },
    };
    expect(reasons(decide(snapshotOf([late]), NOW))).toContain('neverHealthy');
    const decision = decide(
      snapshotOf([late], { group: { desiredCapacity: 1 }, memory: { seenAgainAt: NOW - 1_000 } }),
      NOW,
    );
    expect(reasons(decision)).toEqual([]);
    expect(decision.wakeAt).toBe(NOW + 29_000);
  });
});

describe('machines and lists', () => {
  it('that miss one list are not taken for gone', () => {
    const snapshot = snapshotOf([...healthy('a', 'b'), { id: 'c', target: 'unhealthy', machine: null }]);
    if (snapshot.machines.kind !== 'seen') throw new Error('seen');
    const previous = {
      ...snapshot.machines.value,
      at: NOW - 1_000,
      machines: new Map([['c', machineOf({ id: 'c' })]]),
    };
    const once = decide(
      { ...snapshot, machines: { kind: 'seen', value: { ...snapshot.machines.value, previous } } },
      NOW,
    );
    expect(reasons(once)).not.toContain('machineGone');
    expect(reasons(decide(snapshot, NOW))).toContain('machineGone');
  });

  it('that the load balancer gets good answers from are not taken for gone', () => {
    expect(decide(snapshotOf([...healthy('a', 'b'), { id: 'c', machine: null }]), NOW).changed).toEqual([]);
  });

  it('are gone when another one has their address, whatever answers there', () => {
    const snapshot = snapshotOf([...healthy('a', 'b'), { id: 'c', machine: null }]);
    if (snapshot.machines.kind !== 'seen') throw new Error('seen');
    const places = placesIn([{ ...machineOf({ id: 'new' }), ...addressesOf({ id: 'c' }) }]);
    const view = { kind: 'seen', value: { ...snapshot.machines.value, places } } as const;
    expect(reasons(decide({ ...snapshot, machines: view }, NOW))).toContain('machineGone');
  });
});

describe('a server whose load balancer has left the fleet', () => {
  it('is not given up on what that said of it, while its provider cannot be seen', () => {
    const late: Server = {
      id: 'a',
      state: { name: 'booting', since: NOW - 600_000 },
      health: { status: 'unhealthy', since: NOW - 600_000, detail: 'connection refused (L4CON)' },
    };
    const blind = { kind: 'blind', since: NOW, failure: null } as const;
    const circumstances = { group: { targetGroups: [], desiredCapacity: 1 } };
    expect(decide(snapshotOf([late], circumstances, { machines: blind }), NOW).changed).toEqual([]);
    expect(reasons(decide(snapshotOf([late], circumstances), NOW))).toEqual(['inService']);
  });
});

describe('machines without a record', () => {
  const orphanFor = (agoMs: number) => ({ orphans: [{ instanceId: 'x', firstSeenAt: NOW - agoMs }] });
  const snapshot = (memory: Parameters<typeof snapshotOf>[1] = {}) => {
    const all = snapshotOf([...healthy('a', 'b', 'c'), { id: 'x' }], memory);
    return { ...all, instances: all.instances.filter(({ id }) => id !== 'x') };
  };

  it('are adopted at the very first sight, and the group keeps their number', () => {
    const all = snapshotOf(healthy('a', 'b', 'c', 'd'), {
      group: { maxSize: 5 },
      memory: { machinesListed: false, desired: null },
    });
    const decision = decide({ ...all, instances: [] }, NOW);
    expect(reasons(decision).filter((reason) => reason === 'adopted')).toHaveLength(4);
    expect(reasons(decision)).not.toContain('launch');
    expect(decision.memory).toMatchObject({ desired: 4, machinesListed: true });
    expect(Object.values(states(decision))).toEqual(['inService', 'inService', 'inService', 'inService']);
  });

  it('are adopted as of now where the clock of their provider is ahead of ours', () => {
    const all = snapshotOf([{ id: 'a', createdAgoMs: -3_600_000 }], {
      memory: { machinesListed: false, desired: null },
    });
    const [adopted] = decide({ ...all, instances: [] }, NOW).changed;
    expect(adopted?.createdAt).toBe(NOW);
  });

  it('are not concluded from one list alone: nothing is launched before there are two', () => {
    const all = snapshotOf(healthy('a'), { memory: { machinesListed: false, desired: null } });
    if (all.machines.kind !== 'seen') throw new Error('seen');
    const value = { ...all.machines.value, previous: null, hasAllFromBefore: false };
    const decision = decide({ ...all, machines: { kind: 'seen', value }, instances: [] }, NOW);
    expect(decision).toMatchObject({ changed: [], activities: [], holds: [], memory: { machinesListed: false } });
  });

  it('are not concluded from lists that may lack the last launches before a lost store', () => {
    const all = snapshotOf(healthy('a'), { memory: { machinesListed: false, desired: null } });
    if (all.machines.kind !== 'seen') throw new Error('seen');
    const value = { ...all.machines.value, hasAllFromBefore: false };
    const decision = decide({ ...all, machines: { kind: 'seen', value }, instances: [] }, NOW);
    expect(decision).toMatchObject({ changed: [], activities: [], memory: { machinesListed: false } });
    expect(holds(decision)).toEqual(['listAwaited']);
    expect(decision.awaitsList).toBe(true);
  });

  it('are reported, count against the maximum, and are not terminated when they are first seen', () => {
    const decision = decide(snapshot({ group: { maxSize: 4, desiredCapacity: 4 } }), NOW);
    expect(reasons(decision)).toEqual(['orphanFound']);
    expect(decision.memory.orphans).toEqual([{ instanceId: 'x', firstSeenAt: NOW }]);
    expect(holds(decision)).toEqual(['orphan', 'maxSize']);
    expect(decision.wakeAt).toBe(NOW + 300_000);
  });

  it('are terminated by their id when they are seen again after the grace period', () => {
    expect(decide(snapshot({ memory: orphanFor(299_999), seenAgoMs: 0 }), NOW).changed).toEqual([]);
    const decision = decide(snapshot({ memory: orphanFor(300_000), seenAgoMs: 0 }), NOW);
    expect(reasons(decision)).toEqual(['orphanEnded']);
    expect(decision.changed).toMatchObject([
      { id: 'x', machine: { id: 'm-x' }, state: { name: 'terminating', cause: 'orphan' } },
    ]);
    expect(decision.memory.orphans).toEqual([]);
  });

  it('are forgotten when two lists do not have them any more', () => {
    const gone = snapshotOf(healthy('a', 'b', 'c'), { memory: orphanFor(1_000) });
    expect(decide(gone, NOW).memory.orphans).toEqual([]);
  });

  it('are no orphans when they were just terminated', () => {
    expect(decide({ ...snapshot(), ended: new Map([['x', NOW - 5]]) }, NOW).activities).toEqual([]);
  });
});

describe('the second vantage', () => {
  const lonely = (probe: Server['probe']): Server[] => [
    ...healthy('a', 'b'),
    { id: 'x', probe: probe ?? null, ...unhealthySince(90_000) },
  ];

  it('is asked for before a server that only its load balancer finds unhealthy is replaced', () => {
    const decision = decide(snapshotOf(lonely(null)), NOW);
    expect(decision.changed).toEqual([]);
    expect(decision.due.probe).toEqual(['x']);
    expect(reasons(decide(snapshotOf(lonely('unhealthy')), NOW))).toEqual(['replaceUnhealthy', 'launch']);
  });

  it('keeps a server that answers Drover itself, and asks again', () => {
    const decision = decide(snapshotOf(lonely('healthy')), NOW);
    expect(decision.changed).toEqual([]);
    expect(holds(decision)).toEqual(['secondVantage']);
    expect(reasons(decision)).toEqual(['healthDisputed']);
    expect(decide(snapshotOf(lonely('healthy')), NOW + 6_000).due.probe).toEqual(['x']);
  });

  it('does not count when it is older than the finding', () => {
    const fresh: Server = { id: 'x', probe: 'unhealthy', ...unhealthySince(1) };
    const decision = decide(snapshotOf([...healthy('a', 'b'), fresh]), NOW);
    expect(decision.changed).toEqual([]);
    expect(decision.due.probe).toEqual(['x']);
  });

  it('is asked for too before a new server is given up', () => {
    const late: Server = {
      id: 'n',
      probe: 'healthy',
      createdAgoMs: 31_000,
      target: 'unhealthy',
      state: { name: 'booting', since: NOW - 30_500 },
      health: { status: 'unknown', since: NOW - 30_500 },
    };
    const decision = decide(snapshotOf([...healthy('a', 'b'), late]), NOW);
    expect(reasons(decision)).toEqual([]);
    expect(holds(decision)).toEqual(['secondVantage']);
  });
});
