import { describe, expect, it } from 'vitest';
import { healthy, reasons, states } from '../../test/support/decisions.ts';
import { GROUP, machineOf, NOW, snapshotOf, TARGET_GROUP } from '../../test/support/snapshot.ts';
import type { Instance, MachineAddresses } from '../model/instance.ts';
import { decide } from './decide.ts';
import { memberships } from './membership.ts';
import type { Snapshot } from './snapshot.ts';

const NOWHERE: MachineAddresses = { addresses: [], ports: null };
const WITHOUT_PORT: MachineAddresses = { addresses: ['127.0.0.1'], ports: [] };

/** A group of three whose third server was launched `agoMs` ago; what its record and its provider's list know of where it is. */
function launched(
  agoMs: number,
  state: 'launching' | 'booting' | 'inService',
  known: MachineAddresses,
  listed: MachineAddresses,
): Snapshot {
  const since = NOW - agoMs;
  const snapshot = snapshotOf([
    ...healthy('a', 'b'),
    {
      id: 'n',
      createdAgoMs: agoMs,
      target: null,
      probe: null,
      state: state === 'launching' ? { name: state, since, retryAt: null } : { name: state, since },
      health: { status: 'unknown', since },
    },
  ]);
  if (snapshot.machines.kind !== 'seen') throw new Error('seen');
  const machines = new Map(snapshot.machines.value.machines).set('n', { ...machineOf({ id: 'n' }), ...listed });
  const instances = snapshot.instances.map(
    (instance): Instance =>
      instance.id === 'n' ? { ...instance, machine: { id: 'm-n', ...known, seenAt: since } } : instance,
  );
  const value = {
    ...snapshot.machines.value,
    machines,
    previous: { ...snapshot.machines.value, at: NOW - 1_000, machines },
  };
  return { ...snapshot, instances, machines: { kind: 'seen', value } };
}

describe('a launch that has no address yet', () => {
  it('is waited for, and neither launched again nor terminated', () => {
    const decision = decide(launched(10_000, 'launching', NOWHERE, NOWHERE), NOW);
    expect([states(decision), reasons(decision), decision.due.launch, decision.due.terminate]).toEqual([
      {},
      [],
      [],
      [],
    ]);
    expect(decision.wakeAt).toBe(NOW - 10_000 + GROUP.launchTimeoutMs);
  });

  it('boots when its provider lists an address', () => {
    const decision = decide(launched(10_000, 'launching', NOWHERE, machineOf({ id: 'n' })), NOW);
    expect([states(decision), reasons(decision)]).toEqual([{ n: 'booting' }, ['launched']]);
    expect(decision.changed[0]?.machine?.addresses).toEqual(['127.0.0.1']);
  });

  it('has failed after the launch timeout', () => {
    const decision = decide(launched(GROUP.launchTimeoutMs, 'launching', NOWHERE, NOWHERE), NOW);
    expect([states(decision).n, reasons(decision)[0]]).toEqual(['terminating', 'launchFailed']);
    expect(decision.memory.launch.failures).toBe(1);
  });

  it('is waited for while its provider cannot be seen', () => {
    const snapshot = launched(GROUP.launchTimeoutMs, 'launching', NOWHERE, NOWHERE);
    const decision = decide({ ...snapshot, machines: { kind: 'blind', since: NOW, failure: null } }, NOW);
    expect(decision.changed).toEqual([]);
  });

  it('is terminated when its machine stops', () => {
    const snapshot = launched(10_000, 'launching', NOWHERE, {
      ...machineOf({ id: 'n', machine: 'stopped' }),
      ...NOWHERE,
    });
    expect(reasons(decide(snapshot, NOW))[0]).toBe('machineStopped');
  });
});

describe('a server whose port is not reached yet', () => {
  const members = (snapshot: Snapshot, changed: readonly Instance[]) => {
    const instances = new Map([...snapshot.instances, ...changed].map((instance) => [instance.id, instance]));
    return memberships([TARGET_GROUP], instances.values(), snapshot.memory).map(({ instanceId }) => instanceId);
  };

  it('is no member', () => {
    const snapshot = launched(10_000, 'booting', WITHOUT_PORT, WITHOUT_PORT);
    const { changed } = decide(snapshot, NOW);
    expect([changed, members(snapshot, changed)]).toEqual([[], ['a', 'b']]);
  });

  it('becomes one when its provider says where it is reached', () => {
    const snapshot = launched(10_000, 'booting', WITHOUT_PORT, machineOf({ id: 'n' }));
    expect(members(snapshot, decide(snapshot, NOW).changed)).toEqual(['a', 'b', 'n']);
  });

  it('becomes one, too, where it serves already: its group has joined the target group since', () => {
    const decision = decide(launched(10_000, 'inService', WITHOUT_PORT, machineOf({ id: 'n' })), NOW);
    expect(decision.changed.map(({ id, machine }) => [id, machine?.ports])).toEqual([
      ['n', machineOf({ id: 'n' }).ports],
    ]);
  });

  it('is not taken for the machine that it had before, which an old list still has', () => {
    const before = { ...machineOf({ id: 'n' }), id: 'm-before', addresses: ['127.0.0.9'] };
    const decision = decide(launched(10_000, 'booting', WITHOUT_PORT, before), NOW);
    expect(decision.changed.map(({ machine }) => machine?.id)).not.toContain('m-before');
  });

  it('stays one when an older list does not know that', () => {
    const snapshot = launched(10_000, 'booting', machineOf({ id: 'n' }), WITHOUT_PORT);
    expect(members(snapshot, decide(snapshot, NOW).changed)).toEqual(['a', 'b', 'n']);
  });

  it('is given up after its grace period, without asking it, and it is said why', () => {
    const detail = 'pid 7, which does not listen on port 80 yet';
    const agoMs = GROUP.healthCheckGracePeriodMs + 1;
    const decision = decide(launched(agoMs, 'booting', WITHOUT_PORT, { ...WITHOUT_PORT, ...{ detail } }), NOW);
    expect([reasons(decision)[0], decision.due.probe]).toEqual(['neverHealthy', []]);
    expect(decision.activities[0]?.message).toContain(`(${detail})`);
  });
});
