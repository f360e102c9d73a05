import { afterEach, beforeEach, expect, it } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { PortError } from '../ports/errors.ts';
import type { Step } from './reconcile.ts';
import { Reconciler } from './reconciler.ts';

const clock = new VirtualClock();
const stop = { now: new AbortController() };
let left: Step[];
let failing: Map<string, string>;
let tries: string[];
let reports: string[];
let reconciler: Reconciler;
let running: Promise<void>;

const endGroup = (name: string): Step => ({ kind: 'endGroup', name });
const nameOf = (step: Step) => ('name' in step ? step.name : step.kind);

/** Steps that are done are not left; those of `failing` fail with their text. */
beforeEach(() => {
  left = [];
  failing = new Map();
  tries = [];
  reports = [];
  stop.now = new AbortController();
  reconciler = new Reconciler({
    clock,
    ids: { seed: () => 'seed' },
    steps: () => left,
    perform: async (step) => {
      tries.push(nameOf(step));
      await clock.sleep(10);
      const failure = failing.get(nameOf(step));
      if (failure !== undefined) throw new PortError('Transient', 'x', failure);
      left = left.filter((one) => one !== step);
    },
    report: async ({ reason, message }) => void reports.push(`${reason}: ${message}`),
  });
  running = reconciler.run(stop.now.signal);
});

afterEach(async () => {
  stop.now.abort();
  await pass(100);
  await running;
});

async function pass(forMs: number): Promise<void> {
  await settle();
  const untilMs = clock.elapsedMs + forMs;
  void clock.sleep(forMs);
  while (clock.elapsedMs < untilMs && (await clock.advance()));
}

async function begin(...steps: Step[]): Promise<void> {
  left = steps;
  reconciler.notify();
  await pass(100);
}

it('a step that fails is tried again with a growing wait, is reported once, and hinders no other one', async () => {
  failing.set('a', 'no');
  await begin(endGroup('a'), endGroup('b'));
  expect(left).toEqual([endGroup('a')]);
  expect(reports).toEqual(['reconcileFailed: Ending group a failed, and is tried again: no']);
  expect(reconciler.failed).toMatchObject([{ step: endGroup('a'), message: 'no', tries: 1 }]);
  await pass(30_000);
  expect(tries.filter((name) => name === 'a').length).toBeGreaterThan(3);
  expect(tries.filter((name) => name === 'a').length).toBeLessThan(7);
  expect(tries.filter((name) => name === 'b')).toHaveLength(1);
  expect(reports).toHaveLength(1);
  failing.clear();
  await pass(60_000);
  expect(left).toEqual([]);
  expect(reconciler.failed).toEqual([]);
  expect(reports.at(-1)).toBe('reconciled: Ending group a has succeeded.');
});

it('a step that is not left any more is not tried again', async () => {
  failing.set('a', 'no');
  await begin(endGroup('a'));
  await begin();
  await pass(120_000);
  expect(tries).toEqual(['a']);
  expect(reconciler.failed).toEqual([]);
});

it('of two steps about one thing one is performed at a time', async () => {
  left = [{ kind: 'terminateLoadBalancer', name: 'edge' }];
  reconciler.notify();
  await pass(5);
  left = [{ kind: 'startLoadBalancer', name: 'edge' }];
  reconciler.notify();
  await pass(3);
  expect(tries).toEqual(['edge']);
  await pass(100);
  expect(tries).toEqual(['edge', 'edge']);
});

it('whoever has changed what should be can wait until all of it was tried, also what had failed before', async () => {
  failing.set('a', 'no');
  await begin(endGroup('a'));
  left = [...left, endGroup('b')];
  const attempted = reconciler.attempted();
  await pass(50);
  await attempted;
  expect(tries).toEqual(['a', 'a', 'b']);
  expect(left).toEqual([endGroup('a')]);
});
