/** Kind: what happened is said in another order, more often or louder than it happened. */

import { expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import { LAUNCHING_WORKS } from '../../../src/model/group-memory.ts';
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
