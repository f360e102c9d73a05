import { describe, expect, it } from 'vitest';
import { healthy, holds, reasons, states, unhealthySince } from '../../test/support/decisions.ts';
import { NOW, type Server, snapshotOf } from '../../test/support/snapshot.ts';
import { decide } from './decide.ts';

describe('the desired capacity', () => {
  const file = (value: number) => ({ file: { kind: 'value', value, at: NOW } as const });

  it('is the fleet file’s at first', () => {
    expect(decide(snapshotOf([], { memory: { desired: null, fleetDesired: null } }), NOW).memory).toMatchObject({
      desired: 3,
      fleetDesired: 3,
    });
  });

  it('follows the file when that changes, and stays with a person’s wish when it does not', () => {
    const first = decide(snapshotOf(healthy('a', 'b', 'c'), {}, file(5)), NOW);
    expect(first.memory.desired).toBe(5);
    const wished = { ...first.memory, desired: 4 };
    expect(decide(snapshotOf([], { memory: wished }, file(5)), NOW).memory.desired).toBe(4);
    expect(decide(snapshotOf([], { memory: wished }, file(6)), NOW).memory.desired).toBe(6);
  });

  it.each([
    [file(11), /11, which is outside of the group's 0 to 10/],
    [file(2.5), /not a whole number/],
    [
      { file: { kind: 'missing', code: 'empty', detail: 'desired is empty', at: NOW } as const },
      /desired is empty\. The size stays at 3/,
    ],
  ])('refuses what it cannot use, once, and keeps the last good one', (overrides, message) => {
    const decision = decide(snapshotOf(healthy('a', 'b', 'c'), {}, overrides), NOW);
    expect(reasons(decision)).toEqual(['desiredCapacityRefused']);
    expect(decision.activities[0]?.message).toMatch(message);
    expect(decision.memory.desired).toBe(3);
    expect(decide(snapshotOf(healthy('a', 'b', 'c'), { memory: decision.memory }, overrides), NOW).activities).toEqual(
      [],
    );
  });

  it('is the minimum where the fleet file names none, and does not follow that later', () => {
    const group = { desiredCapacity: null, minSize: 2 };
    expect(decide(snapshotOf([], { group, memory: { desired: null } }), NOW).memory.desired).toBe(2);
    const memory = { desired: 6, fleetDesired: null };
    expect(decide(snapshotOf([], { group: { ...group, minSize: 4 }, memory }), NOW).memory.desired).toBe(6);
  });

  it('is kept within a changed minimum and maximum', () => {
    expect(decide(snapshotOf([], { group: { maxSize: 2 } }), NOW).memory.desired).toBe(2);
    expect(decide(snapshotOf([], { group: { minSize: 4 } }), NOW).memory.desired).toBe(4);
  });
});

describe('what people ask of an instance', () => {
  const asked = (kind: 'drain' | 'terminate') => ({ request: { kind, at: NOW } });

  it('terminate: it is terminated at once, and is replaced', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), { id: 'c', ...asked('terminate') }]), NOW);
    expect(reasons(decision)).toEqual(['operatorTerminate', 'launch']);
  });

  it('terminate: one whose launch is not known to have made a machine goes by the list, at once where that has it', () => {
    const all = snapshotOf([
      ...healthy('a', 'b'),
      { id: 'c', state: { name: 'launching', since: NOW - 9_000, retryAt: NOW + 9_000 }, ...asked('terminate') },
    ]);
    const instances = all.instances.map((instance) =>
      instance.id === 'c' ? { ...instance, machine: null } : instance,
    );
    const decision = decide({ ...all, instances }, NOW);
    expect(states(decision)).toMatchObject({ c: 'terminating' });
    expect(decision.wakeAt).toBe(NOW + 1);
  });

  it('drain: its replacement comes first', () => {
    const servers = [...healthy('a', 'b'), { id: 'c', ...asked('drain') }];
    const first = decide(snapshotOf(servers), NOW);
    expect(reasons(first)).toEqual(['launch']);
    expect(holds(first)).toEqual(['replacementFirst']);
    const second = decide(snapshotOf([...servers, ...healthy('d')]), NOW);
    expect(reasons(second)).toEqual(['operatorDrain']);
    expect(states(second)).toEqual({ c: 'draining' });
  });

  it.each([
    [
      'another machine is on its way out',
      {
        id: 'x',
        target: null,
        state: { name: 'terminating', since: NOW, cause: 'scaleIn', retryAt: null, commandEnded: false },
      },
    ],
    ['another one is unhealthy', { id: 'x', ...unhealthySince(1_000) }],
  ] as const)('drain: waits at the maximum while %s', (_, other) => {
    const servers = [...healthy('a'), { id: 'c', ...asked('drain') }, other];
    const decision = decide(snapshotOf(servers, { group: { maxSize: 3, healthCheckGracePeriodMs: 700_000 } }), NOW);
    expect(states(decision)).not.toHaveProperty('c');
    expect(holds(decision)).toContain('replacementFirst');
  });

  it('drain: waits at the maximum for the place of a machine without a record', () => {
    const memory = { orphans: [{ instanceId: 'x', firstSeenAt: NOW - 1_000 }] };
    const all = snapshotOf([...healthy('a'), { id: 'c', ...asked('drain') }, { id: 'x' }], {
      group: { maxSize: 3 },
      memory,
    });
    const decision = decide({ ...all, instances: all.instances.filter(({ id }) => id !== 'x') }, NOW);
    expect(decision.changed).toEqual([]);
    expect(holds(decision)).toContain('replacementFirst');
  });

  it('drain: goes first where the maximum leaves no room for its replacement', () => {
    const decision = decide(
      snapshotOf([...healthy('a', 'b'), { id: 'c', ...asked('drain') }], { group: { maxSize: 3 } }),
      NOW,
    );
    expect(states(decision)).toEqual({ c: 'draining' });
    expect(decision.activities[0]).toMatchObject({ reason: 'operatorDrain', cappedBy: 'maxSize' });
  });
});

describe('on the way down', () => {
  it('everything is drained and terminated, whatever the minimum', () => {
    const decision = decide(snapshotOf(healthy('a', 'b', 'c'), { group: { minSize: 2 } }, { mode: 'down' }), NOW);
    expect(states(decision)).toEqual({ a: 'draining', b: 'draining', c: 'draining' });
    expect(reasons(decision)).toEqual(['fleetDown', 'fleetDown', 'fleetDown']);
  });
});

describe('a group behind no load balancer', () => {
  const group = { targetGroups: [], desiredCapacity: 1 };

  it('takes a running machine into service, and replaces one that has stopped', () => {
    const booting: Server = {
      id: 'w',
      state: { name: 'booting', since: NOW },
      health: { status: 'unknown', since: NOW },
    };
    expect(reasons(decide(snapshotOf([booting], { group }), NOW))).toEqual(['inService']);
    expect(reasons(decide(snapshotOf([{ id: 'w', machine: 'stopped' }], { group }), NOW))).toEqual([
      'machineStopped',
      'launch',
    ]);
  });
});
