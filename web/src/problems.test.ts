import { describe, expect, it } from 'vitest';
import type { GroupSummary, InstanceStatus, LoadBalancerStatus, StoredActivity } from './api.ts';
import { problemsOf } from './problems.ts';

const group: GroupSummary = {
  name: 'web',
  desired: 2,
  minSize: 1,
  maxSize: 4,
  inService: 2,
  pending: 0,
  terminating: 0,
  unhealthy: 0,
  targetGroups: ['web'],
  provider: 'rack',
  launchSuspended: null,
  suspendedProcesses: [],
  policies: [],
  holds: [],
  notes: [],
  desiredCapacityFile: null,
};

const balancer: LoadBalancerStatus = {
  name: 'front',
  state: 'running',
  version: '3.0.11',
  detail: '',
  listeners: [],
  statsUrl: null,
  targetGroups: [],
};

const instance: InstanceStatus = {
  id: 'i-1',
  group: 'web',
  lifecycleState: 'InService',
  state: 'inService',
  since: 1_000,
  createdAt: 1_000,
  health: 'healthy',
  detail: '',
  endpoint: null,
  provider: 'rack',
  machineId: null,
  machineDetail: '',
  zone: null,
  instanceType: null,
  targets: [],
};

const activity = (reason: StoredActivity['reason'], at: number): StoredActivity => ({
  sequence: at,
  at,
  group: 'web',
  instanceId: null,
  level: 'warning',
  reason,
  message: '',
  cappedBy: null,
  before: null,
  after: null,
  explanation: null,
});

const known = (change: {
  readonly group?: Partial<GroupSummary>;
  readonly balancer?: Partial<LoadBalancerStatus>;
  readonly instance?: Partial<InstanceStatus>;
  readonly activities?: readonly StoredActivity[];
}) => ({
  fleet: null,
  groups: new Map([['web', { ...group, ...change.group }]]),
  loadBalancers: new Map([['front', { ...balancer, ...change.balancer }]]),
  instances: new Map([['i-1', { ...instance, ...change.instance }]]),
  activities: change.activities ?? [],
});

describe('problemsOf', () => {
  it('finds nothing where all is well', () => {
    expect(problemsOf(known({}))).toEqual([]);
  });

  it('does not call a usual wait a problem', () => {
    const holds = [{ code: 'scalingPolicy', message: 'waits', until: null }];
    expect(problemsOf(known({ group: { holds } }))).toEqual([]);
  });

  it('says since when launching is suspended, and says it once', () => {
    const holds = [{ code: 'launchSuspended', message: 'five failures', until: null }];
    const found = problemsOf(
      known({ group: { launchSuspended: 'five failures', holds }, activities: [activity('launchSuspended', 4_000)] }),
    );
    expect(found).toMatchObject([{ level: 'error', subject: 'web', message: 'five failures', since: 4_000 }]);
  });

  it('names the one server that is unhealthy, and why', () => {
    const found = problemsOf(known({ instance: { health: 'unhealthy', detail: 'timeout' } }));
    expect(found).toMatchObject([{ level: 'warning', message: '1 server unhealthy (i-1: timeout).' }]);
  });

  it('puts what is worst first', () => {
    const found = problemsOf(
      known({ group: { suspendedProcesses: ['launch'] }, balancer: { state: 'unreachable', detail: 'no answer' } }),
    );
    expect(found.map(({ level, subject }) => [level, subject])).toEqual([
      ['error', 'front'],
      ['notice', 'web'],
    ]);
  });

  it('sees target groups that serve nobody, or errors, or let requests wait', () => {
    const row = {
      name: 'web',
      loadBalancer: 'front',
      algorithm: '',
      healthy: 1,
      total: 2,
      requestsPerSecond: 9,
      errors5xxPerSecond: 0,
      retried: 0,
      openRequests: 0,
      queuedRequests: 0,
    };
    const messageWith = (change: Partial<typeof row>) =>
      problemsOf(known({ balancer: { targetGroups: [{ ...row, ...change }] } }))[0]?.message;
    expect(messageWith({})).toBeUndefined();
    expect(messageWith({ healthy: 0 })).toBe('Target group web has no healthy server.');
    expect(messageWith({ errors5xxPerSecond: 2 })).toBe('Target group web answers 2.0 errors a second.');
    expect(messageWith({ queuedRequests: 3 })).toBe('3 requests wait for a server of target group web.');
  });
});
