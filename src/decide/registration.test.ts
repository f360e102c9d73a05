import { describe, expect, it } from 'vitest';
import { healthy, holds, reasons, states } from '../../test/support/decisions.ts';
import { NOW, type Server, snapshotOf } from '../../test/support/snapshot.ts';
import { decide } from './decide.ts';

const group = { desiredCapacity: 3, probeBeforeRegistration: true };
const probing = (more: Partial<Server> = {}): Server => ({
  id: 'n',
  state: { name: 'probing', since: NOW - 2_000 },
  health: { status: 'unknown', since: NOW - 2_000 },
  createdAgoMs: 3_000,
  target: null,
  probe: null,
  ...more,
});
const decided = (server: Server, memory = {}, changes = {}) =>
  decide(snapshotOf([...healthy('a', 'b'), server], { group: { ...group, ...changes }, memory }), NOW);

describe('a new server that is asked before it is registered', () => {
  it('is asked by Drover once it has its address, and is no member yet', () => {
    const launching: Server = {
      id: 'n',
      createdAgoMs: 500,
      target: null,
      state: { name: 'launching', since: NOW - 500, retryAt: null },
    };
    const decision = decided({ ...launching, probe: null });
    expect(states(decision)).toEqual({ n: 'probing' });
    expect(decided(probing()).due.probe).toEqual(['n']);
  });

  it('is registered when it has answered well', () => {
    const decision = decided(probing({ probe: 'healthy' }));
    expect(states(decision)).toEqual({ n: 'booting' });
    expect(reasons(decision)).toEqual(['registered']);
    expect(decision.activities[0]?.message).toContain('answered 200');
  });

  it('is asked again in a while when it has answered badly', () => {
    const decision = decided(probing({ probe: 'unhealthy' }));
    expect(states(decision)).toEqual({});
    expect(holds(decision)).toContain('registration');
    expect(decision.due.probe).toEqual([]);
    expect(decision.wakeAt).toBe(NOW + 195);
  });

  it('is terminated when it has not answered well within its grace period', () => {
    const decision = decided(probing({ probe: 'unhealthy', createdAgoMs: 40_000 }));
    expect(states(decision)).toMatchObject({ n: 'terminating' });
    expect(decision.activities[0]).toMatchObject({ reason: 'neverHealthy', level: 'warning' });
    expect(decision.activities[0]?.message).toContain('answered 503');
  });

  it('waits while adding to load balancers is suspended', () => {
    const suspended = { suspendedProcesses: ['addToLoadBalancer'] as const };
    expect(states(decided(probing({ probe: 'healthy' }), suspended))).toEqual({});
    expect(states(decided(probing({ probe: 'unhealthy', createdAgoMs: 40_000 }), suspended))).toEqual({});
  });

  it('is registered without an answer when the group does not ask any more', () => {
    expect(states(decided(probing(), {}, { probeBeforeRegistration: false }))).toEqual({ n: 'booting' });
  });

  it('comes into service at once where the group has no target groups any more', () => {
    const decision = decided(probing({ target: null }), {}, { probeBeforeRegistration: false, targetGroups: [] });
    expect(states(decision)).toEqual({ n: 'booting' });
    expect(decision.wakeAt).toBe(NOW + 1);
  });

  it('counts as one on its way, so that none is launched beside it', () => {
    expect(reasons(decided(probing()))).toEqual([]);
  });
});

describe('the termination command', () => {
  const command = { command: ['flush'], workingDirectory: '/', timeoutMs: 1_000 };
  const ending = (more: Partial<Server> = {}, ended = false): Server => ({
    id: 'e',
    state: { name: 'terminating', since: NOW - 2_000, cause: 'scaleIn', retryAt: null, commandEnded: ended },
    target: null,
    ...more,
  });
  const dueOf = (server: Server, overrides = {}) => {
    const circumstances = { group: { terminationCommand: command } };
    return decide(snapshotOf([...healthy('a', 'b', 'c'), server], circumstances, overrides), NOW);
  };

  it('is run once the load balancer has let go, and before the server is terminated', () => {
    expect(dueOf(ending({ target: 'draining' })).due).toMatchObject({ command: [], terminate: [] });
    expect(dueOf(ending()).due).toMatchObject({ command: ['e'], terminate: [] });
    expect(dueOf(ending({}, true)).due).toMatchObject({ command: [], terminate: ['e'] });
  });

  it('is not run for a machine that has stopped, or is gone', () => {
    expect(dueOf(ending({ machine: 'stopped' })).due).toMatchObject({ command: [], terminate: ['e'] });
    expect(dueOf(ending({ machine: null })).due).toMatchObject({ command: [], terminate: ['e'] });
  });

  it.each([
    [null, 'terminationCommand', 'info'],
    ['flush exits with 1', 'terminationCommandFailed', 'warning'],
  ] as const)('lets the server be terminated whatever it comes to (%s)', (message, reason, level) => {
    const failure =
      message === null ? null : { reaction: 'Transient', code: 'x', message, at: NOW, retryAfterMs: null };
    const decision = dueOf(ending(), { outcomes: [{ kind: 'commandEnded', instanceId: 'e', failure }] });
    expect(decision.activities[0]).toMatchObject({ reason, level, instanceId: 'e' });
    expect(decision.due).toMatchObject({ command: [], terminate: ['e'] });
  });
});
