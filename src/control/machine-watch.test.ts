import { expect, it, onTestFinished } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { machineOf } from '../../test/support/snapshot.ts';
import { wholeList } from '../ports/provider.ts';
import { MachineWatch } from './machine-watch.ts';
import { Throttle } from './throttle.ts';

const LIST_MS = 100;

/** When each list was asked for, and what the watch says of a group after it, while lists lag so far behind. */
async function watched(listLagMs: number, forMs: number, isAwaited = true) {
  const clock = new VirtualClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const askedMs: number[] = [];
  const provider = {
    launch: () => Promise.reject(new Error('nothing is launched here')),
    list: async () => {
      askedMs.push(clock.elapsedMs);
      await clock.sleep(LIST_MS);
      return wholeList([machineOf({ id: 'a' })]);
    },
    terminate: async () => {},
    watch: () => () => {},
    close: async () => {},
  };
  const capabilities = {
    listIntervalMs: 10_000,
    listGapMs: 1_000,
    listLagMs,
    concurrentOperations: 10,
    terminateTimeoutMs: 60_000,
    ports: 'assigned',
    zones: [],
    instanceTypes: false,
  } as const;
  const events = { onDefect: (error: unknown) => expect.fail(String(error)), onWait: () => {} };
  const throttle = new Throttle(clock, { seed: () => 'seed' }, events);
  const said: string[] = [];
  const onSeen = () => {
    const view = watch.view('web');
    said.push(view.kind === 'blind' ? view.kind : `${view.value.previous !== null} ${view.value.hasAllFromBefore}`);
  };
  const watch = new MachineWatch('process', provider, capabilities, clock, throttle, onSeen, () => isAwaited);
  void watch.run(stop.signal);
  for (const untilMs = clock.elapsedMs + forMs; clock.elapsedMs < untilMs && (await clock.advance()); ) await settle();
  return { askedMs, said };
}

it('two lists have all from before the start, where lists do not lag behind', async () => {
  const { askedMs, said } = await watched(0, 12_000);
  expect(askedMs).toEqual([0, 1_100, 11_200]);
  expect(said.slice(0, 2)).toEqual(['false false', 'true true']);
});

it('lists that lag behind are asked for again as soon as two of them have all from before the start', async () => {
  const { askedMs, said } = await watched(5_000, 8_000);
  expect(askedMs.slice(0, 4)).toEqual([0, 1_100, 5_000, 6_100]);
  expect(said.slice(0, 4)).toEqual(['false false', 'true false', 'true false', 'true true']);
});

it('are not asked for more often where no group waits for them', async () => {
  const { askedMs } = await watched(5_000, 22_000, false);
  expect(askedMs).toEqual([0, 1_100, 11_200, 21_300]);
});
