/** Kind: what happened is said in another order, more often or louder than it happened. */

import { expect, it } from 'vitest';
import { GroupLoop, type GroupSurroundings } from '../../../src/control/group-loop.ts';
import { changeDesired } from '../../../src/control/orders.ts';
import { decide } from '../../../src/decide/decide.ts';
import type { Activity } from '../../../src/model/activity.ts';
import { EMPTY_MEMORY, LAUNCHING_WORKS } from '../../../src/model/group-memory.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { failure, healthy, reasons } from '../../support/decisions.ts';
import { GROUP, NOW, type Server, snapshotOf } from '../../support/snapshot.ts';

it('launching is suspended after the launch that failed last', () => {
  const launch = { ...LAUNCHING_WORKS, failures: GROUP.launchRetry.suspendAfter - 1, template: 'v1' };
  const server: Server = { id: 'n', unlaunched: true, state: { name: 'launching', since: NOW, retryAt: null } };
  const outcomes = [{ kind: 'launchFailed', instanceId: 'n', failure: failure('Transient') }] as const;
  const group = { desiredCapacity: 1 };
  const decision = decide(snapshotOf([server], { group, memory: { launch } }, { outcomes }), NOW);
  expect(reasons(decision)).toEqual(['launchFailed', 'launchSuspended']);
  const later = decide(snapshotOf([], { group, memory: decision.memory }), NOW + 1_000);
  expect(reasons(later)).toEqual([]);
});

it.each([
  ['stopped' as const, 'The machine of x stopped while it was drained.'],
  [null, 'The provider does not list the machine of x any more, which was being drained.'],
])('a server that ends while it is drained (%s) is no warning', (machine, message) => {
  const state = { name: 'draining', since: NOW - 1_000, deadline: null, cause: 'scaleIn', reversible: true } as const;
  const drained: Server = { id: 'x', machine, target: 'draining', state };
  const { activities } = decide(snapshotOf([...healthy('a', 'b'), drained], { group: { desiredCapacity: 2 } }), NOW);
  expect(activities).toMatchObject([{ level: 'info', message }]);
});

it.each([
  [4, []],
  [5, ['Desired capacity changed from 4 to 5 by `drover set-desired`.']],
])('a wish for %i at 4 is a change where it is one', async (desired, messages) => {
  const told: Activity[] = [];
  const clock = { now: () => NOW, steadyMs: () => NOW } as Clock;
  const around = {
    clock,
    store: { commit: async ({ activities }: { activities: readonly Activity[] }) => void told.push(...activities) },
    onMembersChanged: () => {},
  } as unknown as GroupSurroundings;
  const loop = new GroupLoop(GROUP, { memory: { ...EMPTY_MEMORY, desired: 4 }, instances: [] }, around);
  await changeDesired(loop, desired, clock);
  expect(told.map(({ message }) => message)).toEqual(messages);
  expect(loop.memory.desired).toBe(desired);
});
