import { describe, expect, it } from 'vitest';
import { decideCommand } from '../../../src/decide/commands.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { AutoScalingGroup } from '../../../src/model/fleet.ts';
import { LAUNCHING_WORKS, type LaunchMemory } from '../../../src/model/group-memory.ts';
import type { Happening } from '../../simulation/scenario/happenings.ts';
import { failure, healthy, holds, jittered, reasons, states } from '../../support/decisions.ts';
import { lived, simulated } from '../../support/scenarios.ts';
import { GROUP, NOW, recordsOf, type Server, snapshotOf } from '../../support/snapshot.ts';

/** The story of two minutes in which each server ends so long after its first answer. */
async function twoMinutes(livesMs: number, group: Partial<AutoScalingGroup>, happenings: readonly Happening[] = []) {
  const scenario = simulated(group);
  const machines = { ...scenario.conditions.machines, livesMs: [livesMs, livesMs] as const };
  const { lines, violations } = await lived({
    ...scenario,
    conditions: { ...scenario.conditions, machines },
    happenings: happenings.map((happening, index) => ({ atMs: 30_000 + 10_000 * index, happening })),
    quietAtMs: 120_000,
  });
  expect(violations).toEqual([]);
  const calm = lines.findIndex((line) => line.includes('everything calms down'));
  return { lines, until: lines.slice(0, calm), after: lines.slice(calm) };
}

const count = (lines: readonly string[], what: string) => lines.filter((line) => line.includes(what)).length;

describe('servers that end soon after they came into service', () => {
  const one = { desiredCapacity: 1, maxSize: 3 };

  it.each([
    ['behind a load balancer', {}],
    ['behind none', { targetGroups: [] }],
  ])('%s are launched at most 5 times in 120 s, reported once', async (_, group) => {
    const { until, after } = await twoMinutes(3_000, { ...one, ...group });
    expect(count(until, ' launch: ')).toBeLessThanOrEqual(5);
    expect(count(until, ' crashLoop: ')).toBe(1);
    expect(count(after, ' crashLoopEnded: The crash loop is over: servers stay in service for 120 s again.')).toBe(1);
  });

  it('are remembered by the next controller', async () => {
    const { until } = await twoMinutes(3_000, one, [{ kind: 'restartController' }, { kind: 'restartController' }]);
    expect(count(until, ' launch: ')).toBeLessThanOrEqual(5);
    expect(count(until, ' crashLoop: ')).toBe(1);
  });

  const dead = (id: string, servedMs: number): Server => ({
    id,
    machine: 'stopped',
    createdAgoMs: servedMs + 1_000,
    state: { name: 'inService', since: NOW - servedMs },
  });
  const crashed = (launch: Partial<LaunchMemory>) => ({
    ...LAUNCHING_WORKS,
    crashes: 1,
    crashedAt: NOW - 10_000,
    why: 'i-0 ended.',
    template: 'v1',
    ...launch,
  });

  it('tells what the last one said, how many there were and how long the next one waits', () => {
    const decision = decide(
      snapshotOf([...healthy('a', 'b'), dead('x', 3_100)], { memory: { launch: crashed({}) } }),
      NOW,
    );
    expect(decision.activities.find(({ reason }) => reason === 'crashLoop')?.message).toBe(
      'Servers end soon after they come into service, 2 in a row. The last one: x ended 3.1 s after it came into service. The next launch waits 8.7 s, and longer after each further one, up to 900 s.',
    );
    expect(reasons(decision)).not.toContain('launch');
    expect(decision.holds).toContainEqual({
      code: 'launchBackoff',
      message:
        'The next launch waits after 2 servers in a row that ended soon after they came into service: x ended 3.1 s after it came into service.',
      until: NOW + jittered(9_000),
    });
  });

  it('are said for as long as the loop lasts, also while all servers are healthy', () => {
    const young: Server = { id: 'n', createdAgoMs: 3_000, state: { name: 'inService', since: NOW - 2_000 } };
    const launch = crashed({ crashes: 7, why: 'x ended 3.1 s after it came into service (exit code 1).' });
    const group = { desiredCapacity: 2 };
    const decision = decide(
      snapshotOf([...healthy('a'), young], { group, memory: { launch, told: ['crashLoop'] } }),
      NOW,
    );
    expect(decision.holds).toEqual([
      {
        code: 'crashLoop',
        message:
          'Crash loop: 7 servers in a row ended soon after they came into service. The last one: x ended 3.1 s after it came into service (exit code 1). It is over when servers stay in service for 120 s.',
        until: NOW + 118_000,
      },
    ]);
  });

  it('do not hold back the replacement of one that served for long', () => {
    const decision = decide(snapshotOf([...healthy('a', 'b'), dead('x', 130_000)]), NOW);
    expect(reasons(decision)).toEqual(['machineStopped', 'launch']);
    expect(decision.memory.launch).toEqual(LAUNCHING_WORKS);
  });

  it.each([
    ['old', 600_000],
    ['young', 20_000],
  ])('do not hold back the replacement of half of a group of %s servers that die at once', (_, servedMs) => {
    const servers = [...healthy('a', 'b', 'c'), dead('x', servedMs), dead('y', servedMs), dead('z', servedMs)];
    const decision = decide(snapshotOf(servers, { group: { desiredCapacity: 6 } }), NOW);
    expect(reasons(decision).filter((reason) => reason === 'launch')).toHaveLength(3);
    const later = decide(
      snapshotOf([...healthy('a', 'b'), dead('c', servedMs)], { memory: decision.memory }),
      NOW + 1_000,
    );
    expect(reasons(later)).toContain('launch');
  });

  it('never suspend launching: what they lack may come back by itself', () => {
    const launch = crashed({ crashes: 40 });
    const { memory } = decide(snapshotOf([dead('x', 3_000)], { memory: { launch } }), NOW);
    expect(memory.launch).toMatchObject({ crashes: 41, suspended: null, notBefore: NOW + jittered(900_000) });
  });
});

describe('a fix does not wait for what it mends', () => {
  const failing: LaunchMemory = {
    ...LAUNCHING_WORKS,
    failures: 4,
    why: 'No such file.',
    template: 'v1',
    notBefore: NOW + 60_000,
  };
  const trying = (version: string): Server => ({
    id: 'n',
    unlaunched: true,
    template: version,
    state: { name: 'launching', since: NOW - 1_000, retryAt: NOW + 60_000 },
  });
  const group = { desiredCapacity: 1, launchTemplate: { ...GROUP.launchTemplate, version: 'v2' } };

  it.each([
    ['failures', failing],
    ['a crash loop', { ...failing, failures: 0, crashes: 4 }],
    ['suspended launching', { ...failing, suspended: { since: NOW, why: 'No such file.' } }],
  ])('a changed launch template launches at once after %s', (_, launch) => {
    const decision = decide(snapshotOf([], { group, memory: { launch } }), NOW);
    expect(reasons(decision)).toEqual(['launchResumed', 'launch']);
    expect(decision.memory.launch).toEqual(LAUNCHING_WORKS);
  });

  it('what still tries the old template is ended, and what is left of it counts no more', () => {
    const decision = decide(snapshotOf([trying('v1')], { group, memory: { launch: failing } }), NOW);
    expect(states(decision)).toMatchObject({ n: 'terminating' });
    expect(reasons(decision)).toContain('launch');
    const outcomes = [{ kind: 'launchFailed', instanceId: 'n', failure: failure('Transient') }] as const;
    const late = decide(
      snapshotOf(
        [{ ...trying('v1'), state: { name: 'launching', since: NOW, retryAt: null } }],
        { group },
        { outcomes },
      ),
      NOW,
    );
    expect(states(late)).toMatchObject({ n: 'terminating' });
    expect(late.memory.launch).toEqual(LAUNCHING_WORKS);
    expect(reasons(late)).toContain('launch');
  });

  it('nor is the grace period of one that boots with the old template waited for', () => {
    const booting: Server = {
      id: 'b',
      template: 'v1',
      target: 'unhealthy',
      createdAgoMs: 5_000,
      state: { name: 'booting', since: NOW - 5_000 },
      health: { status: 'unknown', since: NOW - 5_000 },
    };
    const decision = decide(snapshotOf([booting], { group, memory: { launch: failing } }), NOW);
    expect(states(decision)).toMatchObject({ b: 'draining' });
    expect(reasons(decision)).toContain('launch');
  });

  it('but who may be healthy where that cannot be seen keeps booting', () => {
    const since = NOW - 5_000;
    const booting: Server = {
      id: 'b',
      template: 'v1',
      createdAgoMs: 5_000,
      state: { name: 'booting', since },
      health: { status: 'unknown', since },
    };
    const memory = { launch: failing };
    const isKept = (...args: Parameters<typeof snapshotOf>) =>
      !decide(snapshotOf(...args), NOW).activities.some(({ reason }) => reason === 'neverHealthy');
    const blind = { kind: 'blind', since: NOW - 1_000, failure: null } as const;
    expect(isKept([{ ...booting, target: 'unhealthy' }], { group, memory })).toBe(false);
    expect(isKept([{ ...booting, target: 'healthy' }], { group, memory })).toBe(true);
    expect(isKept([booting], { group, memory }, { targets: new Map([['web', blind]]) })).toBe(true);
  });

  it('`resume` starts anew whenever launching waits', () => {
    const records = recordsOf([trying('v1')], { memory: { launch: failing } });
    expect(decideCommand(records, { kind: 'resumeLaunch' }, NOW)).toMatchObject({
      memory: { launch: LAUNCHING_WORKS },
      instances: [{ state: { name: 'launching', retryAt: null } }],
    });
  });

  it('says why launching waits, until when, and after how many failures', () => {
    const waiting = decide(snapshotOf([], { memory: { launch: failing } }), NOW);
    const hold = {
      code: 'launchBackoff',
      message: 'The next launch waits after 4 failures: No such file.',
      until: NOW + 60_000,
    };
    expect(waiting.holds).toContainEqual(hold);
    const retrying = decide(
      snapshotOf([trying('v1')], { group: { desiredCapacity: 1 }, memory: { launch: failing } }),
      NOW,
    );
    expect(retrying.holds).toEqual([hold]);
    const oneByOne = decide(snapshotOf([], { memory: { launch: { ...failing, notBefore: NOW } } }), NOW);
    expect(reasons(oneByOne)).toEqual(['launch']);
    expect(holds(oneByOne)).toEqual(['launchBackoff']);
  });
});
