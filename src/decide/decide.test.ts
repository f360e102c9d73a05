import { describe, expect, it } from 'vitest';
import { failure, healthy, holds, jittered, reasons, states, unhealthySince } from '../../test/support/decisions.ts';
import { machineOf, NOW, type Server, snapshotOf, TARGET_GROUP } from '../../test/support/snapshot.ts';
import { LAUNCHING_WORKS } from '../model/group-memory.ts';
import type { Failure } from '../model/observation.ts';
import { decide } from './decide.ts';
import { memberships } from './membership.ts';

const blind = { kind: 'blind', since: NOW - 9_000, failure: failure('Transient') } as const;

describe('a group at its size', () => {
  it('is left alone', () => {
    const decision = decide(snapshotOf(healthy('a', 'b', 'c')), NOW);
    expect(decision).toMatchObject({
      changed: [],
      activities: [],
      holds: [],
      due: { launch: [], terminate: [], abort: [] },
    });
    expect(decision.memoryChanged).toBe(false);
  });

  it('comes to the same decision for the same arguments', () => {
    const snapshot = snapshotOf(healthy('a'));
    expect(decide(snapshot, NOW)).toEqual(decide(snapshot, NOW));
  });
});

describe('scaling out', () => {
  it('launches what is missing, with an id before the launch and one activity each', () => {
    const decision = decide(snapshotOf([]), NOW);
    expect(decision.changed).toHaveLength(3);
    expect(new Set(decision.changed.map(({ id }) => id)).size).toBe(3);
    for (const { id, state } of decision.changed) {
      expect(id).toMatch(/^i-[0-9a-f]{17}$/);
      expect(state.name).toBe('launching');
    }
    expect(reasons(decision)).toEqual(['launch', 'launch', 'launch']);
    expect(decision.due.launch).toEqual(decision.changed.map(({ id }) => id));
  });

  it('counts every machine that is not gone against the maximum', () => {
    const ending: Server[] = [1, 2, 3].map((n) => ({
      id: `t${n}`,
      target: null,
      machine: 'stopped',
      state: { name: 'terminating', since: NOW - 5_000, cause: 'machineStopped', retryAt: null, commandEnded: false },
    }));
    const decision = decide(
      snapshotOf([...healthy('a'), ...ending], { group: { maxSize: 5, desiredCapacity: 5 } }),
      NOW,
    );
    expect(reasons(decision)).toEqual(['launch']);
    expect(decision.activities[0]).toMatchObject({ cappedBy: 'maxSize' });
    expect(holds(decision)).toContain('maxSize');
  });

  it('keeps a server that is being drained because there were too many, rather than launch another', () => {
    const draining: Server = {
      id: 'd',
      target: 'draining',
      state: { name: 'draining', since: NOW - 1_000, deadline: NOW + 59_000, cause: 'scaleIn', reversible: true },
    };
    const decision = decide(snapshotOf([...healthy('a', 'b'), draining]), NOW);
    expect(states(decision)).toEqual({ d: 'inService' });
    expect(reasons(decision)).toEqual(['scaleInCancelled']);
  });
});

describe('a new server', () => {
  const booting = (more: Partial<Server> = {}): Server => ({
    id: 'n',
    createdAgoMs: 5_000,
    state: { name: 'booting', since: NOW - 4_000 },
    health: { status: 'unknown', since: NOW - 5_000 },
    target: 'initial',
    ...more,
  });

  it('boots when its launch has succeeded, and is a member from then on', () => {
    const launching: Server = {
      id: 'n',
      unlaunched: true,
      state: { name: 'launching', since: NOW - 100, retryAt: null },
    };
    const machine = machineOf({ id: 'n' });
    const snapshot = snapshotOf(
      [...healthy('a', 'b'), launching],
      {},
      { outcomes: [{ kind: 'launched', instanceId: 'n', machine, at: NOW }] },
    );
    const decision = decide(snapshot, NOW);
    expect(states(decision)).toEqual({ n: 'booting' });
    expect(memberships([TARGET_GROUP], decision.changed, decision.memory)).toMatchObject([
      {
        instanceId: 'n',
        state: 'ready',
        endpoint: { address: machine.addresses[0], port: machine.ports?.[0]?.hostPort },
      },
    ]);
  });

  it('waits for its first good check', () => {
    expect(decide(snapshotOf([...healthy('a', 'b'), booting()]), NOW).changed).toEqual([]);
    const decision = decide(snapshotOf([...healthy('a', 'b'), booting({ target: 'healthy' })]), NOW);
    expect(states(decision)).toEqual({ n: 'inService' });
    expect(reasons(decision)).toEqual(['inService']);
  });

  it('is given up when it was not healthy within its grace period, and the next one has to wait', () => {
    const late = booting({ createdAgoMs: 31_000, ...unhealthySince(20_000) });
    const decision = decide(snapshotOf([...healthy('a', 'b'), late]), NOW);
    expect(states(decision)).toEqual({ n: 'draining' });
    expect(reasons(decision)).toEqual(['neverHealthy']);
    expect(decision.memory.launch).toMatchObject({ failures: 1, notBefore: NOW + jittered(9_000) });
    expect(holds(decision)).toContain('launchBackoff');
    expect(decision.wakeAt).toBe(NOW + jittered(9_000));
  });

  it('is not given up while its load balancer cannot be seen', () => {
    const late = booting({ createdAgoMs: 31_000 });
    const decision = decide(snapshotOf([late], {}, { targets: new Map([['web', blind]]) }), NOW);
    expect(decision.changed).toEqual([]);
  });

  it('whose machine stops at once is a launch that failed', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), booting({ machine: 'stopped' })]), NOW);
    expect(reasons(decision)).toEqual(['machineStopped']);
    expect(decision.memory.launch.failures).toBe(1);
  });
});

describe('launches that fail', () => {
  const launching: Server = {
    id: 'n',
    unlaunched: true,
    state: { name: 'launching', since: NOW - 1_000, retryAt: null },
  };
  const decideAfter = (reaction: Failure['reaction'], memory = {}) =>
    decide(
      snapshotOf(
        [...healthy('a', 'b'), launching],
        { memory },
        { outcomes: [{ kind: 'launchFailed', instanceId: 'n', failure: failure(reaction) }] },
      ),
      NOW,
    );

  it.each([
    ['Transient', jittered(9_000)],
    ['RateLimited', 5_000],
    ['Defect', jittered(9_000)],
  ] as const)('are repeated with the same id after %s', (reaction, waitMs) => {
    const decision = decideAfter(reaction);
    expect(decision.changed).toMatchObject([{ id: 'n', state: { name: 'launching', retryAt: NOW + waitMs } }]);
    expect(decision.due.launch).toEqual([]);
  });

  it.each(['Invalid', 'Unauthorized', 'NoCapacity', 'Unsupported'] as const)('are given up after %s', (reaction) => {
    expect(states(decideAfter(reaction))).toEqual({ n: 'terminating' });
  });

  it('back off twice as long each time, up to the bound', () => {
    const waits = [1, 2, 3, 8, 14].map((failures) => {
      const { memory } = decideAfter('Transient', {
        launch: { ...LAUNCHING_WORKS, failures: failures - 1, notBefore: null, suspended: null },
      });
      return (memory.launch.notBefore ?? 0) - NOW;
    });
    expect(waits).toEqual([9_000, 18_000, 36_000, 900_000, 900_000].map(jittered));
  });

  it('count once for a batch that fails together', () => {
    expect(
      decideAfter('Transient', { launch: { ...LAUNCHING_WORKS, failures: 2, notBefore: NOW + 5_000 } }).memory.launch,
    ).toMatchObject({
      failures: 2,
      notBefore: NOW + 5_000,
    });
  });

  it('suspend launching after many in a row, with the reason', () => {
    const decision = decideAfter('Transient', {
      launch: { ...LAUNCHING_WORKS, failures: 14, notBefore: null, suspended: null },
    });
    expect(decision.memory.launch.suspended?.why).toContain('it broke');
    expect(reasons(decision)).toContain('launchSuspended');
    expect(states(decision)).toEqual({ n: 'terminating' });
    const later = decide(snapshotOf(healthy('a'), { memory: decision.memory }), NOW + 1e9);
    expect(later.changed).toEqual([]);
    expect(holds(later)).toContain('launchSuspended');
  });

  it('are followed by one launch at a time until one has come into service', () => {
    const memory = { launch: { ...LAUNCHING_WORKS, failures: 1, notBefore: NOW - 1, suspended: null } };
    expect(decide(snapshotOf([], { memory }), NOW).changed).toHaveLength(1);
    const serving: Server = {
      id: 'n',
      state: { name: 'booting', since: NOW - 100 },
      health: { status: 'unknown', since: NOW },
    };
    const decision = decide(snapshotOf([serving], { memory }), NOW);
    expect(decision.memory.launch.failures).toBe(0);
    expect(decision.changed).toHaveLength(3);
  });
});

describe('scaling in', () => {
  it('drains the oldest of another launch template first', () => {
    const servers = [...healthy('a', 'b', 'c'), { id: 'old', template: 'v0', createdAgoMs: 10 }];
    const decision = decide(snapshotOf(servers), NOW);
    expect(states(decision)).toEqual({ old: 'draining' });
    expect(decision.changed[0]?.state).toMatchObject({ deadline: null, cause: 'scaleIn' });
  });

  it('takes what does not serve yet before what does, drained all the same: it may have just become healthy', () => {
    const booting: Server = {
      id: 'n',
      createdAgoMs: 10,
      target: 'initial',
      state: { name: 'booting', since: NOW },
      health: { status: 'unknown', since: NOW },
    };
    expect(states(decide(snapshotOf([...healthy('a', 'b', 'c'), booting]), NOW))).toEqual({ n: 'draining' });
  });

  it.each([
    [['OldestInstance'], 'a'],
    [['NewestInstance'], 'd'],
    [['OldestLaunchTemplate', 'NewestInstance'], 'd'],
  ] as const)('follows %s', (terminationPolicies, victim) => {
    const servers = healthy('a', 'b', 'c', 'd');
    expect(states(decide(snapshotOf(servers, { group: { terminationPolicies } }), NOW))).toEqual({
      [victim]: 'draining',
    });
  });

  it('calls off a launch that is still under way', () => {
    const launching: Server = { id: 'n', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: null } };
    const decision = decide(snapshotOf([...healthy('a', 'b', 'c'), launching], {}, { busy: new Set(['n']) }), NOW);
    expect(decision.due.abort).toEqual(['n']);
  });
});

describe('draining', () => {
  const draining = (more: Partial<Server> = {}): Server => ({
    id: 'd',
    target: 'draining',
    state: { name: 'draining', since: NOW - 2_000, deadline: NOW + 58_000, cause: 'scaleIn', reversible: true },
    ...more,
  });
  const circumstances = { group: { desiredCapacity: 2 } };

  it('lasts while a request is open', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), draining({ idleObservations: 2 })], circumstances), NOW);
    expect(decision.changed).toEqual([]);
    expect(decision.wakeAt).toBe(NOW + 58_000);
  });

  it('ends after three observations without one', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), draining({ idleObservations: 3 })], circumstances), NOW);
    expect(states(decision)).toEqual({ d: 'terminating' });
    // Not before the load balancer has let go of it.
    expect(decision.due.terminate).toEqual([]);
  });

  it('has its delay from when the load balancer is seen to drain, not from the wish', () => {
    const wished = {
      name: 'draining',
      since: NOW - 2_000,
      deadline: null,
      cause: 'scaleIn',
      reversible: true,
    } as const;
    const server = (target: 'healthy' | 'draining') => draining({ target, state: wished });
    expect(decide(snapshotOf([...healthy('a', 'b'), server('healthy')], circumstances), NOW).changed).toEqual([]);
    const decision = decide(snapshotOf([...healthy('a', 'b'), server('draining')], circumstances), NOW);
    expect(decision.changed).toMatchObject([{ state: { deadline: NOW + TARGET_GROUP.deregistrationDelayMs } }]);
  });

  it('ends at the deadline, with a warning', () => {
    const late = draining({
      state: { name: 'draining', since: NOW - 60_000, deadline: NOW, cause: 'scaleIn', reversible: true },
    });
    expect(reasons(decide(snapshotOf([...healthy('a', 'b'), late], circumstances), NOW))).toEqual(['drainTimedOut']);
  });

  it('is not taken for done on what was seen before it began', () => {
    const just = draining({
      idleObservations: 3,
      state: { name: 'draining', since: NOW - 5, deadline: NOW + 60_000, cause: 'scaleIn', reversible: true },
    });
    expect(decide(snapshotOf([...healthy('a', 'b'), just], circumstances), NOW).changed).toEqual([]);
  });
});

describe('ending', () => {
  const ending = (more: Partial<Server> = {}): Server => ({
    id: 'e',
    state: { name: 'terminating', since: NOW - 2_000, cause: 'scaleIn', retryAt: null, commandEnded: false },
    target: null,
    ...more,
  });
  const due = (server: Server, circumstances = {}) =>
    decide(snapshotOf([...healthy('a', 'b', 'c'), server], circumstances), NOW).due.terminate;

  it('waits until the load balancer has let go of it', () => {
    expect(due(ending({ target: 'unavailable' }))).toEqual([]);
    expect(due(ending())).toEqual(['e']);
    expect(due(ending(), { seenAgoMs: 3_000 })).toEqual([]);
  });

  it('does not wait for one that was to be cut, beyond new requests', () => {
    const cut = {
      name: 'terminating',
      since: NOW - 2_000,
      cause: 'operatorTerminate',
      retryAt: null,
      commandEnded: false,
    } as const;
    expect(due(ending({ target: 'unavailable', state: cut }))).toEqual(['e']);
    expect(due(ending({ target: 'healthy', state: cut }))).toEqual([]);
  });

  it('of a machine that has stopped only waits until it is out of reach: its address may soon be another’s', () => {
    expect(due(ending({ target: 'unavailable', machine: 'stopped' }))).toEqual(['e']);
    expect(due(ending({ target: 'unhealthy', machine: 'stopped' }))).toEqual([]);
  });

  it('is over when the provider does not know the machine', () => {
    const decision = decide(
      snapshotOf(
        [...healthy('a', 'b', 'c'), ending()],
        {},
        { outcomes: [{ kind: 'ended', instanceId: 'e', at: NOW }] },
      ),
      NOW,
    );
    expect(states(decision)).toEqual({ e: 'terminated' });
    expect(reasons(decision)).toEqual(['terminated']);
  });

  it('is tried again when it failed', () => {
    const outcomes = [{ kind: 'endFailed', instanceId: 'e', failure: failure('Transient') }] as const;
    const decision = decide(snapshotOf([...healthy('a', 'b', 'c'), ending()], {}, { outcomes }), NOW);
    expect(decision.due.terminate).toEqual([]);
    expect(decision.wakeAt).toBe(NOW + 5_000);
  });

  it('of a launch that was given up needs two lists without its machine', () => {
    const lost = ending({ unlaunched: true });
    expect(states(decide(snapshotOf([...healthy('a', 'b', 'c'), lost]), NOW))).toEqual({ e: 'terminated' });
    expect(states(decide(snapshotOf([...healthy('a', 'b', 'c'), lost], { seenAgoMs: 1_500 }), NOW))).toEqual({});
    // A call that has not come back yet may still make one.
    expect(states(decide(snapshotOf([...healthy('a', 'b', 'c'), lost], {}, { busy: new Set(['e']) }), NOW))).toEqual(
      {},
    );
  });
});
