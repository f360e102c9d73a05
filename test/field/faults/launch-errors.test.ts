/** Kind: an error calls for a reaction, and the same is done about each: it is counted as a failure and tried again. */

import { expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { Snapshot } from '../../../src/decide/snapshot.ts';
import { LAUNCHING_WORKS } from '../../../src/model/group-memory.ts';
import type { Failure } from '../../../src/model/observation.ts';
import { failure, healthy, holds, jittered, reasons, states } from '../../support/decisions.ts';
import { GROUP, NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

const launching = (id: string, since = NOW - 1_000): Server => ({
  id,
  unlaunched: true,
  state: { name: 'launching', since, retryAt: null },
});
const failed = (id: string, reaction: Failure['reaction']) =>
  ({ kind: 'launchFailed', instanceId: id, failure: failure(reaction) }) as const;
const after = (reaction: Failure['reaction'], memory: Partial<Snapshot['memory']> = {}) =>
  decide(snapshotOf([launching('n')], { memory }, { outcomes: [failed('n', reaction)] }), NOW);

it.each(['NoCapacity', 'Unauthorized', 'Invalid', 'Unsupported', 'NotFound', 'Defect', 'RateLimited'] as const)(
  '%s never runs into the suspension after repeated failures',
  (reaction) => {
    const launch = { ...LAUNCHING_WORKS, failures: GROUP.launchRetry.suspendAfter - 1, template: 'v1' };
    const { memory } = after(reaction, { launch });
    expect(memory.launch).toMatchObject({ failures: launch.failures, suspended: null });
  },
);

it('no room is no failed launch: it is asked for again after a wait that doubles, one server at a time', () => {
  const first = after('NoCapacity');
  expect(states(first)).toEqual({ n: 'terminating' });
  expect(reasons(first)).toEqual(['noCapacity']);
  expect(first.memory.launch).toMatchObject({ failures: 0, held: { tries: 1, until: NOW + jittered(9_000) } });
  expect(first.holds).toContainEqual({
    code: 'noCapacity',
    message: 'The next launch waits for room: it broke.',
    until: NOW + jittered(9_000),
  });
  const now = NOW + 9_000;
  const again = decide(snapshotOf([], { memory: first.memory, seenAgoMs: 0 }), now);
  expect(again.due.launch).toHaveLength(1);
  const memory = { ...again.memory };
  const twice = decide(snapshotOf([launching('m')], { memory }, { outcomes: [failed('m', 'NoCapacity')] }), now);
  expect(twice.memory.launch.held).toMatchObject({ tries: 2, until: now + jittered(18_000) });
});

it('room that was found ends the wait', () => {
  const held = { reaction: 'NoCapacity', why: 'full.', since: NOW - 9_000, tries: 3, until: NOW - 1 } as const;
  const memory = { launch: { ...LAUNCHING_WORKS, template: 'v1', why: 'full.', held } };
  const machine = {
    id: 'm-n',
    instanceId: 'n',
    group: 'web',
    state: 'running',
    launchedAt: NOW,
    zone: null,
  } as const;
  const launched = { ...machine, addresses: ['127.0.0.1'], ports: [], detail: '' };
  const outcomes = [{ kind: 'launched', instanceId: 'n', machine: launched, at: NOW }] as const;
  const decision = decide(snapshotOf([launching('n')], { memory }, { outcomes }), NOW);
  expect(decision.memory.launch.held).toBeNull();
  expect(decision.due.launch).toHaveLength(2);
});

it.each(['Unauthorized', 'Invalid', 'Unsupported', 'NotFound'] as const)(
  'after %s nothing is launched until something changes, and what to do is said once',
  (reaction) => {
    const first = after(reaction);
    expect(reasons(first)).toEqual(['launchFailed', 'launchHeld']);
    expect(first.activities[1]?.message).toContain('drover resume web');
    const later = decide(snapshotOf([launching('waiting', NOW)], { memory: first.memory }), NOW + 1e9);
    expect(later.due.launch).toEqual([]);
    expect(reasons(later)).not.toContain('launch');
    expect(reasons(later)).not.toContain('launchHeld');
    expect(holds(later)).toContain('launchHeld');

    const changed = { launchTemplate: { ...GROUP.launchTemplate, version: 'v2' } };
    const waiting = { ...launching('waiting', NOW), template: 'v1' };
    const mended = decide(snapshotOf([waiting], { memory: first.memory, group: changed }), NOW + 1);
    expect(mended.memory.launch.held).toBeNull();
    expect(reasons(mended)).toContain('launchResumed');
    expect(mended.due.launch).toHaveLength(3);
    expect(states(mended).waiting).toBe('terminating');
  },
);

it("a rate limit holds all of a provider's operations back, for as long as it asks", () => {
  const throttled = new Map([['process', { until: NOW + 20_000, why: 'too many requests' }]]);
  const ending: Server = {
    id: 'x',
    target: null,
    state: { name: 'terminating', since: NOW - 5_000, cause: 'scaleIn', retryAt: null, commandEnded: false },
  };
  const servers = [...healthy('a', 'b'), launching('n'), ending];
  const { due, wakeAt } = decide(snapshotOf(servers, {}, { throttled }), NOW);
  expect(due).toMatchObject({ launch: [], terminate: [] });
  expect(wakeAt).toBe(NOW + 20_000);
  expect(decide(snapshotOf(servers), NOW).due).toMatchObject({ launch: ['n'], terminate: ['x'] });
});

it.each([
  ['Transient', 5_000],
  ['Unauthorized', 60_000],
  ['Defect', 60_000],
] as const)('an ending that failed with %s is tried again after %i ms', (reaction, waitMs) => {
  const state = {
    name: 'terminating',
    since: NOW - 60_000,
    cause: 'scaleIn',
    retryAt: null,
    commandEnded: false,
  } as const;
  const outcomes = [{ kind: 'endFailed', instanceId: 'x', failure: failure(reaction) }] as const;
  const decision = decide(snapshotOf([...healthy('a', 'b', 'c'), { id: 'x', state }], {}, { outcomes }), NOW);
  expect(decision.changed).toMatchObject([{ id: 'x', state: { retryAt: NOW + waitMs } }]);
});
