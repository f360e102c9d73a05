import { describe, expect, it } from 'vitest';
import { healthy, holds, reasons, states, unhealthySince } from '../../test/support/decisions.ts';
import { stepping, tracking } from '../../test/support/policies.ts';
import { NOW, type Server, snapshotOf, TARGET_GROUP } from '../../test/support/snapshot.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import { LAUNCHING_WORKS } from '../model/group-memory.ts';
import type { Reading } from '../model/observation.ts';
import type { ScheduledAction, SuspendableProcess } from '../model/scaling-policy.ts';
import { decide } from './decide.ts';
import { memberships } from './membership.ts';
import type { Snapshot } from './snapshot.ts';

const METRIC = {
  name: 'cpu',
  source: 'constant',
  settings: {},
  intervalMs: 15_000,
  timeoutMs: 5_000,
  maxAgeMs: 60_000,
};
const readings = (value: number): Partial<Snapshot> => ({
  metrics: new Map<string, Reading>([['cpu', { kind: 'value', value, at: NOW - 1 }]]),
});
const tracked = (more: Partial<AutoScalingGroup> = {}): Partial<AutoScalingGroup> => ({
  metrics: [METRIC],
  scalingPolicies: [tracking()],
  ...more,
});

describe('a group that follows policies', () => {
  const decision = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked() }, readings(100)), NOW);

  it('changes its desired capacity and launches, with the calculation in the activity', () => {
    expect(reasons(decision)).toEqual(['scaledOut', 'launch', 'launch', 'launch']);
    expect(decision.activities[0]).toMatchObject({
      before: { desired: 3 },
      after: { desired: 6 },
      explanation: { minSize: 0, maxSize: 10, policies: [{ policy: 'cpu', wants: 6, sees: '100' }] },
    });
    expect(decision.verdicts).toMatchObject([{ policy: 'cpu', wants: 6 }]);
  });

  it('is kept to its maximum, and says so', () => {
    const capped = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked({ maxSize: 4 }) }, readings(100)), NOW);
    expect(capped.memory.desired).toBe(4);
    expect(capped.activities[0]).toMatchObject({ reason: 'scaledOut', cappedBy: 'maxSize' });
    const full = { group: tracked({ maxSize: 3 }) };
    const held = decide(snapshotOf(healthy('a', 'b', 'c'), full, readings(100)), NOW);
    expect(held.activities).toEqual([]);
    expect(holds(held)).toContain('maxSize');
  });

  it('costs no commit while nothing is new', () => {
    const first = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked() }, readings(50)), NOW);
    const memory = structuredClone(first.memory);
    const second = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked(), memory }, readings(50)), NOW + 60_000);
    expect(second.memoryChanged).toBe(false);
  });

  it('follows nothing while it cannot see, and on the way down', () => {
    const blind = { kind: 'blind', since: NOW - 9_000, failure: null } as const;
    for (const overrides of [{ machines: blind }, { mode: 'down' }] as const) {
      const circumstances = { ...readings(100), ...overrides };
      expect(decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked() }, circumstances), NOW).memory.desired).toBe(
        3,
      );
    }
  });

  it('waits with scaling in until what it asked for is there, but not for launches that fail', () => {
    const memory = { desired: 5, policies: new Map([['cpu', remembered([{ at: 0, size: 1 }])]]) };
    const waiting = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked(), memory }, readings(5)), NOW);
    expect(waiting.memory.desired).toBe(5);
    const failing = {
      ...memory,
      launch: { ...LAUNCHING_WORKS, failures: 2, notBefore: NOW + 60_000, suspended: null },
    };
    const given = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked(), memory: failing }, readings(5)), NOW);
    expect(given.memory.desired).toBe(1);
  });

  it('forgets what a policy that is gone remembered', () => {
    const memory = { policies: new Map([['old', remembered([])]]) };
    const decided = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked(), memory }, readings(50)), NOW);
    expect([...decided.memory.policies.keys()]).toEqual(['cpu']);
  });

  it('does not act twice on one reading of a step policy', () => {
    const group = tracked({ scalingPolicies: [stepping()] });
    const first = decide(snapshotOf(healthy('a', 'b', 'c'), { group }, readings(65)), NOW);
    expect(first.memory.desired).toBe(4);
    const second = decide(
      snapshotOf(healthy('a', 'b', 'c', 'd'), { group, memory: first.memory }, readings(65)),
      NOW + 5,
    );
    expect(second.memory.desired).toBe(4);
  });
});

describe('a missing metric', () => {
  const gone = (since: number) => {
    const metrics = new Map<string, Reading>([
      ['cpu', { kind: 'missing', code: 'failed', detail: 'no answer', at: NOW }],
    ]);
    const memory = { policies: new Map([['cpu', { ...remembered([]), missingSince: since }]]) };
    return decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked(), memory }, { metrics }), NOW);
  };

  it('is a hold at once, and told when it lasts, once', () => {
    const fresh = gone(NOW - 1_000);
    expect([reasons(fresh), holds(fresh)]).toEqual([[], ['metricMissing']]);
    expect(fresh.wakeAt).toBe(NOW + 59_000);
    const lasting = gone(NOW - 60_000);
    expect(reasons(lasting)).toEqual(['metricMissing']);
    const { memory } = lasting;
    const back = decide(snapshotOf(healthy('a', 'b', 'c'), { group: tracked(), memory }, readings(50)), NOW + 1);
    expect(reasons(back)).toEqual(['metricVisible']);
  });
});

describe('workers behind no load balancer that follow a queue', () => {
  const group: Partial<AutoScalingGroup> = {
    targetGroups: [],
    metrics: [METRIC],
    scalingPolicies: [tracking({ valueIs: 'total', targetValue: 10 })],
    desiredCapacity: null,
    minSize: 0,
  };

  it('come from zero', () => {
    const none = decide(snapshotOf([], { group, memory: { desired: 0 } }, readings(0)), NOW);
    expect(none.changed).toEqual([]);
    expect(reasons(decide(snapshotOf([], { group, memory: { desired: 0 } }, readings(11)), NOW))).toEqual([
      'scaledOut',
      'launch',
      'launch',
    ]);
  });

  it('go back to zero once the window is over', () => {
    const memory = { desired: 2, policies: new Map([['cpu', remembered([{ at: NOW - 400_000, size: 0 }])]]) };
    const last = decide(snapshotOf(healthy('a', 'b'), { group, memory }, readings(0)), NOW);
    expect(reasons(last)).toEqual(['scaledIn', 'scaleIn', 'scaleIn']);
  });
});

function remembered(recommendations: readonly { at: number; size: number }[]) {
  return {
    breachedSince: null,
    missingSince: null,
    lastScaleOutAt: null,
    lastScaleInAt: null,
    recommendations,
    changes: [],
  };
}

describe('scheduled actions', () => {
  const action = (name: string, at: number, more: Partial<ScheduledAction>): ScheduledAction => ({
    name,
    schedule: { kind: 'once', at },
    startAt: null,
    endAt: null,
    minSize: null,
    maxSize: null,
    desiredCapacity: null,
    ...more,
  });
  const decideWith = (actions: readonly ScheduledAction[], memory: Partial<Snapshot['memory']>, now = NOW) =>
    decide(snapshotOf(healthy('a', 'b', 'c'), { group: { scheduledActions: actions }, memory }), now);
  const begun = (actions: readonly ScheduledAction[], agoMs = 3_600_000) => decideWith(actions, {}, NOW - agoMs).memory;

  it('are carried out when they fall due, once, and the decision before wakes the group for them', () => {
    const actions = [action('up', NOW, { minSize: 4 })];
    const before = decideWith(actions, {}, NOW - 1_000);
    expect(before).toMatchObject({ wakeAt: NOW, activities: [] });
    const due = decideWith(actions, before.memory);
    expect(due.activities[0]).toMatchObject({
      reason: 'scheduledAction',
      message: 'Scheduled action up: minimum from 0 to 4, desired capacity from 3 to 4.',
      cappedBy: 'minSize',
    });
    expect(due.memory.bounds).toEqual({
      minSize: 4,
      maxSize: 10,
      minSizeBy: 'up',
      maxSizeBy: null,
      fleetMinSize: 0,
      fleetMaxSize: 10,
    });
    expect(
      decideWith(actions, due.memory, NOW + 1).activities.filter(({ reason }) => reason === 'scheduledAction'),
    ).toEqual([]);
  });

  it('that fell due while nothing was decided are made up for in their order, so that the last one wins', () => {
    const actions = [
      action('evening', NOW - 60_001, { desiredCapacity: 2 }),
      action('morning', NOW - 900_000, { desiredCapacity: 8 }),
    ];
    const late = decideWith(actions, begun(actions));
    expect(late.memory.desired).toBe(2);
    expect(late.activities.slice(0, 2).map(({ message }) => message)).toEqual([
      'Scheduled action morning: desired capacity from 3 to 8. It fell due at 1970-01-12T13:31:40.000Z.',
      'Scheduled action evening: desired capacity from 8 to 2. It fell due at 1970-01-12T13:45:39.999Z.',
    ]);
  });

  it('that are new or changed begin now', () => {
    expect(reasons(decideWith([action('past', NOW - 1, { desiredCapacity: 8 })], {}))).toEqual([]);
    const known = begun([action('x', NOW + 5_000, { desiredCapacity: 8 })]);
    expect(reasons(decideWith([action('x', NOW - 5_000, { desiredCapacity: 8 })], known))).toEqual([]);
  });

  it('never raise the minimum over the maximum', () => {
    const actions = [action('wide', NOW, { minSize: 20 })];
    const due = decideWith(actions, begun(actions));
    expect(due.memory).toMatchObject({ desired: 10, bounds: { minSize: 20, maxSize: 10 } });
    expect(due.activities[0]).toMatchObject({ cappedBy: 'maxSize' });
  });

  it('leave the last word to the fleet file when that changes', () => {
    const bounds = { minSize: 2, maxSize: 5, minSizeBy: null, maxSizeBy: null, fleetMinSize: 0, fleetMaxSize: 10 };
    const during = decide(snapshotOf(healthy('a', 'b', 'c'), { memory: { desired: 9, bounds } }), NOW);
    expect(during.memory).toMatchObject({ desired: 5, bounds });
    const group = { maxSize: 20 };
    const after = decide(snapshotOf(healthy('a', 'b', 'c'), { group, memory: { desired: 9, bounds } }), NOW);
    expect(after.memory).toMatchObject({ desired: 9, bounds: null });
  });

  it('are passed over while they are suspended, and not made up for', () => {
    const actions = [action('up', NOW, { desiredCapacity: 8 })];
    const suspended = decideWith(actions, { ...begun(actions), suspendedProcesses: ['scheduledActions'] });
    expect([suspended.memory.desired, holds(suspended)]).toEqual([3, ['processSuspended']]);
    expect(decideWith(actions, { ...suspended.memory, suspendedProcesses: [] }, NOW + 1).memory.desired).toBe(3);
  });
});

describe('a suspended process', () => {
  const suspended = (...suspendedProcesses: SuspendableProcess[]) => ({ memory: { suspendedProcesses } });

  it('launch: nothing is launched, and nothing healthy enough to keep is taken out', () => {
    const missing = decide(snapshotOf(healthy('a'), suspended('launch')), NOW);
    expect([missing.changed, holds(missing)]).toEqual([[], ['processSuspended']]);
    const sick = [...healthy('a', 'b'), { id: 'x', ...unhealthySince(90_000) }];
    expect(decide(snapshotOf(sick, suspended('launch')), NOW).changed).toEqual([]);
  });

  it('terminate: nothing is terminated because there are too many, unless a person asks', () => {
    const many = decide(snapshotOf(healthy('a', 'b', 'c', 'd'), suspended('terminate')), NOW);
    expect([many.changed, holds(many)]).toEqual([[], ['processSuspended']]);
    const asked: Server = { id: 'x', request: { kind: 'terminate', at: NOW } };
    expect(states(decide(snapshotOf([...healthy('a', 'b', 'c'), asked], suspended('terminate')), NOW))).toMatchObject({
      x: 'terminating',
    });
    const down = decide(snapshotOf(healthy('a'), suspended('terminate'), { mode: 'down' }), NOW);
    expect(states(down)).toEqual({ a: 'draining' });
  });

  it.each(['healthCheck', 'replaceUnhealthy', 'terminate'] as const)(
    '%s: a stopped machine is left alone',
    (process) => {
      const stopped: Server = { id: 'x', machine: 'stopped', target: 'unhealthy' };
      const decision = decide(snapshotOf([...healthy('a', 'b'), stopped], suspended(process)), NOW);
      expect(states(decision).x ?? 'inService').toBe('inService');
      expect(holds(decision)).toContain('processSuspended');
    },
  );

  it('healthCheck: failed checks are not noted', () => {
    const decision = decide(
      snapshotOf([...healthy('a', 'b'), { id: 'x', target: 'unhealthy' }], suspended('healthCheck')),
      NOW,
    );
    expect([decision.changed, reasons(decision)]).toEqual([[], []]);
  });

  it('replaceUnhealthy: they are noted, and not replaced', () => {
    const sick = { id: 'x', target: 'unhealthy', createdAgoMs: 600_000 } as const;
    expect(reasons(decide(snapshotOf([...healthy('a', 'b'), sick], suspended('replaceUnhealthy')), NOW))).toEqual([
      'unhealthy',
    ]);
    const pastGrace = [...healthy('a', 'b'), { id: 'x', ...unhealthySince(90_000) }];
    expect(decide(snapshotOf(pastGrace, suspended('replaceUnhealthy')), NOW).changed).toEqual([]);
  });

  it('grace periods begin anew when it goes on', () => {
    const sick = [...healthy('a', 'b'), { id: 'x', ...unhealthySince(90_000) }];
    const during = decide(snapshotOf(sick, suspended('replaceUnhealthy')), NOW);
    const memory = { ...during.memory, suspendedProcesses: [] };
    const after = decide(snapshotOf(sick, { memory }), NOW);
    expect([after.changed, holds(after)]).toEqual([[], ['gracePeriod']]);
  });

  it('alarmNotification: policies are worked out, and nothing follows from them', () => {
    const circumstances = { group: tracked(), ...suspended('alarmNotification') };
    const decision = decide(snapshotOf(healthy('a', 'b', 'c'), circumstances, readings(100)), NOW);
    expect(decision.verdicts).toMatchObject([{ wants: 6 }]);
    expect([decision.memory.desired, decision.activities, holds(decision)]).toEqual([3, [], ['processSuspended']]);
  });

  it('addToLoadBalancer: new servers get no requests and are not given up, those that serve stay', () => {
    const booting: Server = {
      id: 'n',
      createdAgoMs: 900_000,
      target: null,
      state: { name: 'booting', since: NOW - 900_000 },
      health: { status: 'unknown', since: NOW - 900_000 },
    };
    const snapshot = snapshotOf([...healthy('a', 'b'), booting], suspended('addToLoadBalancer'));
    const decision = decide(snapshot, NOW);
    expect([decision.changed, holds(decision)]).toEqual([[], ['processSuspended']]);
    const members = (memory: Pick<Snapshot['memory'], 'suspendedProcesses'>) =>
      memberships([TARGET_GROUP], snapshot.instances, memory).map(({ instanceId, state }) => `${instanceId} ${state}`);
    expect(members(snapshot.memory)).toEqual(['a ready', 'b ready', 'n draining']);
    expect(members({ suspendedProcesses: [] })).toEqual(['a ready', 'b ready', 'n ready']);
  });
});
