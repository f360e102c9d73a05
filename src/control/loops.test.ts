import { expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { controllerOptionsOf, storeOf } from '../../test/support/controller-options.ts';
import { GROUP } from '../../test/support/snapshot.ts';
import type { Activity } from '../model/activity.ts';
import { DEFAULT_HISTORY } from '../model/fleet.ts';
import type { Machine } from '../model/observation.ts';
import { wholeList } from '../ports/provider.ts';
import { Loops } from './loops.ts';
import { stepsLeft } from './reconcile.ts';

it('reports a machine of a group that the fleet does not have once, and leaves it alone', async () => {
  const clock = new VirtualClock();
  const reported: Activity[] = [];
  const machine = {
    id: 'm-1',
    instanceId: 'i-1',
    group: 'gone',
    state: 'running',
    launchedAt: 0,
    zone: null,
    detail: '',
  } as const;
  const machines: readonly Machine[] = [{ ...machine, addresses: [], ports: null }];
  const options = controllerOptionsOf({
    clock,
    store: storeOf({ commit: async () => {} }),
    provider: () => ({
      provider: {
        list: async () => wholeList(machines),
        launch: async () => expect.fail('nothing is launched'),
        terminate: async () => expect.fail('it is not terminated'),
        watch: () => () => {},
        close: async () => {},
      },
      capabilities: {
        listIntervalMs: 1_000,
        listGapMs: 50,
        listLagMs: 0,
        concurrentOperations: 1,
        terminateTimeoutMs: 60_000,
        ports: 'assigned',
        zones: [],
        instanceTypes: false,
      },
    }),
  });
  const loops = new Loops(options, {
    mode: () => 'up',
    report: async (activity) => void reported.push(activity),
    onChanged: () => {},
    hint: () => {},
  });
  const group = { ...GROUP, targetGroups: [], minSize: 0, desiredCapacity: 0 };
  const fleet = {
    name: 'x',
    providers: [],
    loadBalancers: [],
    targetGroups: [],
    autoScalingGroups: [group],
    notifications: [],
    history: DEFAULT_HISTORY,
  };
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  loops.follow(fleet);
  loops.start({ groups: new Map(), instances: [] });
  for (const step of stepsLeft(fleet, loops.running, false)) void loops.perform(step, stop.signal);
  while (clock.elapsedMs < 600_000) await clock.advance();
  expect(reported.map(({ reason, level }) => [reason, level])).toEqual([['orphanFound', 'warning']]);
  expect(reported[0]?.message).toContain('Machine m-1 carries');
});
