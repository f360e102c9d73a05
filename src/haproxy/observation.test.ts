import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../test/haproxy-samples.ts';
import type { Target } from '../model/observation.ts';
import { NO_TRAFFIC } from '../model/observation.ts';
import { healthyServers, type Memory, NO_MEMORY, observation } from './observation.ts';
import type { ServerReport } from './report.ts';

function see(server: Partial<ServerReport>, memory: Memory = NO_MEMORY): { target: Target; memory: Memory } {
  const seen = observation(sampleReport(server), new Map(), false, memory);
  const target = seen.targetGroups[0]?.targets[0];
  if (target === undefined) throw new Error('no target');
  return { target, memory: seen.memory };
}

function health(server: Partial<ServerReport>, memory: Memory = NO_MEMORY): string {
  const { target } = see(server, memory);
  return `${target.health}|${target.detail}`;
}

const INITIAL = { status: 'INI', code: '', detail: '' };
const PASSED = { status: 'L7OK', code: '200', detail: '' };
const REFUSED = { status: 'L4CON', code: '', detail: 'Connection refused' };

describe('observation', () => {
  it("gives each target AWS's word for its health, and why", () => {
    expect(health({})).toBe('healthy|');
    expect(health({ status: 'UP 2/3', check: { status: 'L7STS', code: '503', detail: '' } })).toBe(
      'healthy|answered 503 (L7STS)',
    );
    expect(health({ status: 'DOWN', check: INITIAL })).toBe('initial|');
    expect(health({ status: 'DOWN 1/2', check: PASSED })).toBe('initial|');
    expect(health({ status: 'DOWN', check: REFUSED })).toBe('unhealthy|connection refused (L4CON)');
    expect(health({ status: 'DRAIN', admin: 'drain' })).toBe('draining|');
    expect(health({ status: 'DOWN', admin: 'drain', check: REFUSED })).toBe('draining|connection refused (L4CON)');
    expect(health({ status: 'MAINT', admin: 'maintenance' })).toBe('unavailable|');
    expect(health({ status: 'no check', checked: false })).toBe('unavailable|not checked');
  });

  it('does not take an unhealthy target for a new one after a restart, nor while it recovers', () => {
    const before = see({ status: 'DOWN', check: REFUSED }).memory;
    expect(health({ status: 'DOWN', check: INITIAL }, before)).toBe('unhealthy|connection refused (L4CON)');
    const recovering = see({ status: 'DOWN 1/2', check: PASSED }, before);
    expect(recovering.target.health).toBe('unhealthy');
    const recovered = see({}, recovering.memory).memory;
    expect(health({ status: 'DOWN', check: INITIAL }, recovered)).toBe('unhealthy|INI');
    expect(health({ status: 'DOWN', check: INITIAL, port: 9002 }, before)).toBe('initial|');
  });

  it('counts observations of a draining target without requests, when all was seen', () => {
    const draining = { status: 'DRAIN', admin: 'drain' } as const;
    const first = see(draining);
    expect(first.target.idleObservations).toBe(1);
    expect(see(draining, first.memory).target.idleObservations).toBe(2);
    expect(
      see({ ...draining, traffic: { ...NO_TRAFFIC, queuedRequests: 1 } }, first.memory).target.idleObservations,
    ).toBe(0);
    expect(see({}, first.memory).target.idleObservations).toBe(0);
    const [group] = observation(sampleReport(draining), new Map(), true, first.memory).targetGroups;
    expect(group?.targets[0]).toMatchObject({ idleObservations: 0 });
  });

  it('still knows a target that only an old process has requests open with', () => {
    const forgotten = new Map([
      ['hello/i-9', { ...NO_TRAFFIC, openRequests: 3 }],
      ['other/i-9', { ...NO_TRAFFIC, openRequests: 3 }],
    ]);
    const [group] = observation(sampleReport({}), forgotten, false, NO_MEMORY).targetGroups;
    expect(group?.targets).toMatchObject([
      { instanceId: 'i-1', health: 'healthy' },
      { instanceId: 'i-9', health: 'unavailable', idleObservations: 0, traffic: { openRequests: 3 } },
    ]);
  });

  it('counts what a stand-in does for its target, here or in an old process, and does not tell of it', () => {
    const busy = { ...NO_TRAFFIC, openRequests: 1, requestsTotal: 4, errors5xxTotal: 2, retriesTotal: 1 };
    const unchecked = { status: 'no check', checked: false, check: { status: '', code: '', detail: '' } };
    const report = sampleReport(
      { ...unchecked, name: '_failopen:i-1', traffic: busy },
      { status: 'DRAIN', admin: 'drain', traffic: { ...busy, responseTimeMs: 9 } },
    );
    const forgotten = new Map([['hello/_failopen:i-1', { ...NO_TRAFFIC, openRequests: 1 }]]);
    const known = { ...report, servers: new Map([...report.servers].slice(1)) };
    expect(observation(known, forgotten, false, NO_MEMORY).targetGroups[0]?.targets).toMatchObject([
      { instanceId: 'i-1', traffic: { openRequests: 2 } },
    ]);
    const [group] = observation(report, new Map(), false, NO_MEMORY).targetGroups;
    expect(group?.targets).toEqual([
      {
        instanceId: 'i-1',
        health: 'draining',
        detail: '',
        idleObservations: 0,
        traffic: {
          ...NO_TRAFFIC,
          openRequests: 2,
          requestsTotal: 8,
          errors5xxTotal: 4,
          retriesTotal: 2,
          responseTimeMs: 9,
        },
      },
    ]);
    expect([...healthyServers(report, new Map()).keys()]).toEqual(['hello/i-1']);
  });

  it('still knows a target of which only the stand-in is left', () => {
    const report = sampleReport({ name: '_failopen:i-1', status: 'MAINT', admin: 'maintenance' });
    const [group] = observation(report, new Map(), false, NO_MEMORY).targetGroups;
    expect(group?.targets).toMatchObject([{ instanceId: 'i-1', health: 'unavailable' }]);
  });

  it('adds the queues of servers to that of their group', () => {
    const backends = new Map([['hello', { ...NO_TRAFFIC, queuedRequests: 2 }]]);
    const report = { ...sampleReport({ traffic: { ...NO_TRAFFIC, queuedRequests: 5 } }), backends };
    expect(observation(report, new Map(), false, NO_MEMORY).targetGroups).toMatchObject([
      { name: 'hello', traffic: { queuedRequests: 7 } },
    ]);
  });
});

describe('healthyServers', () => {
  const was = new Map([['hello/i-1', '127.0.0.1:9001']]);

  it('knows who is in service, also of those that drain', () => {
    expect(healthyServers(sampleReport({}), new Map())).toEqual(was);
    expect(healthyServers(sampleReport({ admin: 'drain', status: 'DRAIN' }), new Map())).toEqual(was);
    expect(healthyServers(sampleReport({ admin: 'drain', status: 'DOWN', check: REFUSED }), was).size).toBe(0);
    expect(healthyServers(sampleReport({ status: 'DOWN 1/2' }), was).size).toBe(0);
  });

  it('leaves a server in maintenance as it was', () => {
    const maintenance = sampleReport({ admin: 'maintenance', status: 'MAINT' });
    expect(healthyServers(maintenance, was)).toEqual(was);
    expect(healthyServers(maintenance, new Map()).size).toBe(0);
  });
});
