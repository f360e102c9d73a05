import { beforeEach, expect, it } from 'vitest';
import { Controller } from '../../../src/control/controller.ts';
import { LateActivities } from '../../../src/control/late-activities.ts';
import { digestOf } from '../../../src/fleet/digest.ts';
import { type Activity, PLAIN_ACTIVITY } from '../../../src/model/activity.ts';
import { DEFAULT_HISTORY } from '../../../src/model/fleet.ts';
import { PortError } from '../../../src/ports/errors.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import { VirtualClock } from '../../simulation/world/virtual-clock.ts';
import { controllerOptionsOf, storeOf } from '../../support/controller-options.ts';

let clock: VirtualClock;
let isFull: boolean;
let committed: string[];
let problems: string[];
let late: LateActivities;
let store: Store;
const stop = new AbortController();

beforeEach(() => {
  clock = new VirtualClock();
  isFull = true;
  committed = [];
  problems = [];
  const commit = async ({ activities }: Change) => {
    if (isFull) throw new PortError('Transient', 'storeFull', 'the disk is full');
    committed.push(activities.map(({ message }) => message).join(' | '));
  };
  const load = async () => ({ groups: new Map(), instances: [] });
  store = storeOf({ commit, load });
  const onProblem = (problem: string) => problems.push(problem);
  late = new LateActivities({ store, clock, onProblem, onRecorded: () => {}, signal: stop.signal });
});

const activity = (message: string): Activity => ({ ...PLAIN_ACTIVITY, at: 0, reason: 'controllerStarted', message });
async function pass(seconds: number): Promise<void> {
  let over = false;
  clock.plan(seconds * 1_000, () => {
    over = true;
  });
  while (!over) await clock.advance();
}

it('a start on a full disk is recorded as soon as there is room, with how late', async () => {
  await late.record(activity('Took over.'));
  await pass(41.5);
  expect(committed).toEqual([]);
  expect(problems).toEqual(['the disk is full']);
  isFull = false;
  await pass(1);
  expect(committed).toEqual(['Took over. Recorded 42 s late: the disk is full.']);
});

it('it is recorded before the first decision that can be', async () => {
  await late.record(activity('Took over.'));
  isFull = false;
  await late.store.commit({ memory: null, instances: [], activities: [activity('Launching.')] });
  expect(committed).toEqual(['Took over. Recorded 1 s late: the disk is full.', 'Launching.']);
});

it('a bounded number waits, the first ones', async () => {
  for (let index = 0; index < 150; index += 1) await late.record(activity(`${index}.`));
  isFull = false;
  await pass(1.5);
  expect(committed.join('').split(' | ')).toHaveLength(100);
  expect(problems.at(-1)).toContain('149.');
});

it('what can be recorded is so at once, as it is', async () => {
  isFull = false;
  await late.record(activity('Took over.'));
  expect(committed).toEqual(['Took over.']);
});

it('a controller tells of its own start that way', async () => {
  const fleet = {
    name: 'shop',
    providers: [],
    autoScalingGroups: [],
    loadBalancers: [],
    targetGroups: [],
    notifications: [],
    history: DEFAULT_HISTORY,
  };
  const document = { content: { fleet: 'shop' }, baseDir: '/' };
  // The fleet is as it was recorded, so that nothing has to be.
  const origin = { kind: 'file', path: '/fleet.yaml' } as const;
  const recorded = { number: 1, digest: digestOf(document), at: 0, origin, document };
  const controller = new Controller(
    controllerOptionsOf({
      source: { ...origin, read: async () => ({ fleet, document }) },
      store: { ...store, fleetVersion: async () => recorded },
      clock,
    }),
  );
  await controller.start();
  await pass(2.5);
  isFull = false;
  await pass(1);
  expect(committed[0]).toContain('Drover 1 (pid 7) started; fleet shop is new. Recorded 3 s late');
});
