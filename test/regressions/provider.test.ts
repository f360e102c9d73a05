/** Failures that others have had with what a provider lists. */

import { describe, expect, it } from 'vitest';
import { MachineWatch } from '../../src/control/machine-watch.ts';
import { Throttle } from '../../src/control/throttle.ts';
import { decide } from '../../src/decide/decide.ts';
import { PortError } from '../../src/ports/errors.ts';
import { type Provider, wholeList } from '../../src/ports/provider.ts';
import { VirtualClock } from '../simulation/world/virtual-clock.ts';
import { healthy, reasons } from '../support/decisions.ts';
import { GROUP, machineOf, NOW, snapshotOf } from '../support/snapshot.ts';

const HOUR_MS = 3_600_000;
const ORPHAN = 'orphan';
const LIST_GAP_MS = 500;

describe('the watch over a provider', () => {
  it('autoscaler #4133: lists no more often than its rate limit allows, for all groups together', async () => {
    let lists = 0;
    const { watch, clock, stop } = watching(3_000, async () => {
      lists += 1;
      return wholeList([]);
    });
    for (const end = clock.elapsedMs + HOUR_MS; clock.elapsedMs < end && (await clock.advance()); ) {
      for (const group of ['web', 'api', 'jobs']) watch.view(group);
    }
    stop();
    expect(lists).toBeGreaterThan(1_100);
    expect(lists).toBeLessThanOrEqual(1_201);
  });

  it('autoscaler #4133: hints bring lists no closer together than the provider allows, and a refusal is heeded', async () => {
    const asked: number[] = [];
    const { clock, stop, hint } = watching(60_000, async () => {
      asked.push(clock.elapsedMs);
      if (asked.length === 5) throw new PortError('RateLimited', 'x', 'too many requests', { retryAfterMs: 20_000 });
      return wholeList([]);
    });
    let goesOn = true;
    for (const end = clock.elapsedMs + 10 * 60_000; goesOn && clock.elapsedMs < end; ) {
      hint();
      goesOn = await clock.advance();
    }
    stop();
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(asked.length).toBeGreaterThan(5);
    expect(gaps.every((gapMs) => gapMs >= LIST_GAP_MS)).toBe(true);
    expect(gaps[4]).toBeGreaterThanOrEqual(20_000);
  });

  it.each<[string, Provider['list']]>([
    ['fails', () => Promise.reject(new PortError('Transient', 'x', 'it broke'))],
    ['never answers', () => new Promise(() => {})],
  ])('dataplaneapi #317, #200: goes on after a list that %s, and says that it was blind', async (_, broken) => {
    let works = false;
    const machine = machineOf({ id: 'a' });
    const { watch, clock, stop } = watching(1_000, () =>
      works ? Promise.resolve(wholeList([machine])) : broken(new AbortController().signal),
    );
    const elapse = async (ms: number) => {
      for (const end = clock.elapsedMs + ms; clock.elapsedMs < end && (await clock.advance()); );
    };
    await elapse(70_000);
    expect(watch.view(GROUP.name)).toMatchObject({ kind: 'blind', failure: { reaction: 'Transient' } });
    works = true;
    await elapse(70_000);
    const view = watch.view(GROUP.name);
    stop();
    expect(view.kind === 'seen' && [...view.value.machines.keys()]).toEqual(['a']);
  });

  it('dataplaneapi #317: what cannot be seen is told', () => {
    const failure = { reaction: 'Unauthorized', code: 'x', message: 'no', at: NOW, retryAfterMs: null } as const;
    const machines = { kind: 'blind', since: NOW, failure } as const;
    expect(reasons(decide(snapshotOf(healthy('a', 'b', 'c'), {}, { machines }), NOW))).toEqual(['providerBlind']);
  });
});

describe('orphans', () => {
  const circumstances = (firstSeenAgoMs: number | null) => ({
    memory: { orphans: firstSeenAgoMs === null ? [] : [{ instanceId: ORPHAN, firstSeenAt: NOW - firstSeenAgoMs }] },
  });
  /** Three that have their records, and a fourth without. */
  const snapshot = (firstSeenAgoMs: number | null) => {
    const whole = snapshotOf(healthy('a', 'b', 'c', ORPHAN), circumstances(firstSeenAgoMs));
    return { ...whole, instances: whole.instances.filter(({ id }) => id !== ORPHAN) };
  };

  it('hcloud-k8s #403: machines of ours without a record are told, and ended when they stay', () => {
    expect(reasons(decide(snapshot(null), NOW))).toEqual(['orphanFound']);
    expect(reasons(decide(snapshot(GROUP.orphanGracePeriodMs + 1_000), NOW))).toEqual(['orphanEnded']);
  });

  it('terraform-aws-github-runner #4724: one that has just come up is not one yet', () => {
    const decision = decide(snapshot(1_000), NOW);
    expect(reasons(decision)).toEqual([]);
    expect(decision.changed).toEqual([]);
  });

  it('terraform-aws-github-runner #4391: one with a record never is, however long it was listed', () => {
    const memory = circumstances(HOUR_MS).memory;
    const decision = decide(snapshotOf(healthy('a', 'b', ORPHAN), { memory }), NOW);
    expect(reasons(decision)).toEqual([]);
    expect(decision.changed).toEqual([]);
    expect(decision.memory.orphans).toEqual([]);
  });
});

function watching(listIntervalMs: number, list: Provider['list']) {
  const clock = new VirtualClock();
  let hint = () => {};
  const provider: Provider = {
    list,
    launch: () => Promise.reject(new Error('nothing is launched here')),
    terminate: () => Promise.reject(new Error('nothing is ended here')),
    watch: (onChange) => {
      hint = onChange;
      return () => {};
    },
    close: async () => {},
  };
  const capabilities = {
    listIntervalMs,
    listGapMs: LIST_GAP_MS,
    listLagMs: 0,
    concurrentOperations: 1,
    terminateTimeoutMs: 60_000,
    ports: 'assigned',
    zones: [],
    instanceTypes: false,
  } as const;
  const throttle = new Throttle(clock, { seed: () => 'seed' }, { onDefect: () => {}, onWait: () => {} });
  const watch = new MachineWatch(
    'simulated',
    provider,
    capabilities,
    clock,
    throttle,
    () => {},
    () => false,
  );
  const abort = new AbortController();
  void watch.run(abort.signal);
  return { watch, clock, stop: () => abort.abort(), hint: () => hint() };
}
