/** What one check of a group costs as the group grows: counted in reads of its records, not in time. */

import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Decision } from '../../../src/decide/draft.ts';
import type { Outcome, Snapshot } from '../../../src/decide/snapshot.ts';
import { unhealthySince } from '../../support/decisions.ts';
import { type Circumstances, machineOf, NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const SMALL = 50;
const LARGE = 400;
/** Eight times the servers may cost twelve times the reads; with the square they would cost sixty-four times as many. */
const SLACK = 1.5;

const BOOTING = { state: { name: 'booting', since: NOW - 1_000 }, health: { status: 'unknown', since: NOW } } as const;
const LAUNCHING: Partial<Server> = {
  unlaunched: true,
  state: { name: 'launching', since: NOW - 1_000, retryAt: null },
};
const DRAINING: Partial<Server> = {
  target: 'draining',
  idleObservations: 9,
  state: { name: 'draining', since: NOW - 1_000, deadline: NOW + 9_000, cause: 'scaleIn', reversible: true },
};
const TERMINATING: Partial<Server> = {
  target: null,
  machine: null,
  state: { name: 'terminating', since: NOW - 1_000, cause: 'scaleIn', retryAt: null, commandEnded: false },
};

/** All servers are alike, and all of them have news at this check. */
interface Situation {
  readonly server: Partial<Server>;
  readonly circumstances?: (size: number) => Circumstances;
  readonly rest?: (ids: readonly string[]) => Partial<Snapshot>;
  readonly reason: string;
}

const outcomes = (of: (id: string) => Outcome) => (ids: readonly string[]) => ({ outcomes: ids.map(of) });
const SITUATIONS: Readonly<Record<string, Situation>> = {
  'all come into service': { server: BOOTING, reason: 'inService' },
  'all are launched': {
    server: LAUNCHING,
    rest: outcomes((instanceId) => ({ kind: 'launched', instanceId, machine: machineOf({ id: instanceId }), at: NOW })),
    reason: 'launched',
  },
  'as many again are wanted': {
    server: {},
    circumstances: (size) => ({ group: { desiredCapacity: 2 * size, maxSize: 2 * size } }),
    reason: 'launch',
  },
  'half of them are too many': {
    server: {},
    circumstances: (size) => ({ group: { desiredCapacity: size / 2, maxSize: size } }),
    reason: 'scaleIn',
  },
  'all are drained': { server: DRAINING, circumstances: () => ({ group: { desiredCapacity: 0 } }), reason: 'drained' },
  'all have ended': {
    server: TERMINATING,
    circumstances: () => ({ group: { desiredCapacity: 0 } }),
    rest: outcomes((instanceId) => ({ kind: 'ended', instanceId, at: NOW })),
    reason: 'terminated',
  },
  'all become unhealthy': { server: { target: 'unhealthy' }, reason: 'unhealthy' },
  'all machines have stopped': { server: { machine: 'stopped' }, reason: 'machineStopped' },
  'all are unhealthy already': { server: unhealthySince(50_000), reason: 'replacementHeld' },
  'all are in their grace period': {
    server: { ...unhealthySince(50_000), createdAgoMs: 10_000 },
    reason: 'replacementHeld',
  },
  'all boot too long, and are healthy for Drover alone': {
    server: { ...BOOTING, ...unhealthySince(10_000), createdAgoMs: 70_000, probe: 'healthy' },
    reason: 'healthDisputed',
  },
  'all fail their requests': {
    server: {},
    circumstances: (size) => ({
      recent: Array.from({ length: size }, (_, index) => {
        const window = { requests: 100, errors: 60 };
        return [`i-${index}`, [window, window, window]] as const;
      }),
    }),
    reason: 'targetOutlier',
  },
  'a person asks to replace all': { server: { request: { kind: 'drain', at: NOW } }, reason: 'operatorDrain' },
};

function worked(size: number, { server, circumstances, rest }: Situation): { reads: number; decision: Decision } {
  const ids = Array.from({ length: size }, (_, index) => `i-${index}`);
  const group = { desiredCapacity: size, maxSize: size };
  const servers = ids.map((id): Server => ({ id, ...server }));
  const given = circumstances?.(size) ?? {};
  const snapshot = snapshotOf(servers, { ...given, group: { ...group, ...given.group } }, rest?.(ids));
  let reads = 0;
  const counted = <T extends object>(value: T): T =>
    new Proxy(value, {
      get: (target, key) => {
        reads += 1;
        return Reflect.get(target, key);
      },
      ownKeys: (target) => {
        const keys = Reflect.ownKeys(target);
        reads += keys.length;
        return keys;
      },
    });
  const memory = { ...snapshot.memory, unhealthyAt: counted(Object.fromEntries(ids.map((id) => [id, NOW - 30_000]))) };
  const decision = decide({ ...snapshot, memory, instances: snapshot.instances.map(counted) }, NOW);
  return { reads, decision };
}

describe('one check of a group', () => {
  it.each(Object.entries(SITUATIONS))('reads each record a few times, when %s', (_, situation) => {
    const small = worked(SMALL, situation);
    const large = worked(LARGE, situation);
    expect(large.decision.activities.map(({ reason }) => reason)).toContain(situation.reason);
    expect(large.reads / small.reads).toBeLessThan((SLACK * LARGE) / SMALL);
  });

  it('tells with each activity how many there were before and after it', () => {
    const { decision } = worked(4, SITUATIONS['all come into service'] as Situation);
    const news = decision.activities.filter(({ reason }) => reason === 'inService');
    expect(news.map(({ before, after }) => [before?.inService, after?.inService])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(news.every(({ before, after }) => before?.total === 4 && after?.total === 4)).toBe(true);
  });

  it('says each reason to wait once, however often it comes up', () => {
    const { decision } = worked(LARGE, SITUATIONS['all are unhealthy already'] as Situation);
    const told = decision.holds.map(({ code, message }) => `${code} ${message}`);
    expect(new Set(told).size).toBe(told.length);
  });
});
