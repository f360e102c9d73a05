import { describe, expect, it, onTestFinished } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import type { Metric } from '../model/metric.ts';
import type { Reading } from '../model/observation.ts';
import type { MetricSource } from '../ports/metric-source.ts';
import { MetricWatch } from './metric-watch.ts';

const NEVER = new Promise<never>(() => {});

function aMetric(name: string, changes: Partial<Metric> = {}): Metric {
  return { name, source: 'x', settings: {}, intervalMs: 10_000, timeoutMs: 2_000, maxAgeMs: 30_000, ...changes };
}

interface Scripted extends MetricSource {
  readonly readAt: number[];
  hint(): void;
  isWatched: boolean;
}

/** A source that notes when it was read, in seconds, and does as it is told. */
function scripted(clock: VirtualClock, read: (signal: AbortSignal) => Promise<Reading>): Scripted {
  let onChange = () => {};
  const source: Scripted = {
    readAt: [],
    isWatched: false,
    hint: () => onChange(),
    read: (signal) => {
      source.readAt.push(clock.elapsedMs / 1000);
      return read(signal);
    },
    watch: (callback) => {
      onChange = callback;
      source.isWatched = true;
      return () => {
        source.isWatched = false;
      };
    },
  };
  return source;
}

/** Watches sources by name, until the test is over. */
function watching(clock: VirtualClock, sources: Readonly<Record<string, MetricSource>>, changes: Partial<Metric> = {}) {
  const told: string[] = [];
  const watched = Object.entries(sources).map(([name, source]) => ({ metric: aMetric(name, changes), source }));
  const watch = new MetricWatch(watched, clock, (metric, reading) =>
    told.push(`${clock.elapsedMs / 1000} ${metric} ${reading.kind === 'value' ? reading.value : reading.code}`),
  );
  const stop = new AbortController();
  const done = watch.run(stop.signal);
  onTestFinished(() => stop.abort());
  return { watch, told, stop, done };
}

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const end = clock.elapsedMs + ms;
  let isOver = false;
  clock.plan(ms, () => {
    isOver = true;
  });
  await settle();
  while (!isOver) await clock.advance();
  expect(clock.elapsedMs).toBe(end);
}

const value = (clock: VirtualClock, number: number, ageMs = 0): Promise<Reading> =>
  Promise.resolve({ kind: 'value', value: number, at: clock.now() - ageMs });

describe('MetricWatch', () => {
  it('knows nothing at first, then reads each metric at once and every interval', async () => {
    const clock = new VirtualClock();
    const source = scripted(clock, () => value(clock, 5));
    const { watch, told } = watching(clock, { cpu: source });
    expect(watch.readings()).toEqual(new Map());
    await pass(clock, 25_000);
    expect(source.readAt).toEqual([0, 10, 20]);
    expect(told).toEqual(['0 cpu 5', '10 cpu 5', '20 cpu 5']);
    expect(watch.readings().get('cpu')).toMatchObject({ kind: 'value', value: 5 });
  });

  it('keeps to its times however long a reading takes, and leaves out those that it has missed', async () => {
    const clock = new VirtualClock();
    const times = [3_000, 1_000, 12_000];
    const source = scripted(clock, async () => {
      await clock.sleep(times.shift() ?? 0);
      return value(clock, 1);
    });
    watching(clock, { cpu: source }, { timeoutMs: 15_000 });
    await pass(clock, 51_000);
    expect(source.readAt).toEqual([0, 10, 20, 40, 50]);
  });

  it('is not delayed by another one that hangs, and does not ask that one twice', async () => {
    const clock = new VirtualClock();
    const hung = scripted(clock, () => NEVER);
    const fine = scripted(clock, () => value(clock, 1));
    const { watch, told } = watching(clock, { hung, fine });
    await pass(clock, 25_000);
    expect(fine.readAt).toEqual([0, 10, 20]);
    expect(hung.readAt).toEqual([0]);
    expect(told).toContain('2 hung failed');
    expect(watch.readings().get('hung')).toMatchObject({
      code: 'failed',
      detail: expect.stringContaining('not ended'),
    });
  });

  it('asks again after a reading that was cut off', async () => {
    const clock = new VirtualClock();
    const source = scripted(clock, async (signal) => {
      await clock.sleep(60_000, signal);
      throw new Error('called off');
    });
    const { watch } = watching(clock, { slow: source });
    await pass(clock, 15_000);
    expect(source.readAt).toEqual([0, 10]);
    expect(watch.readings().get('slow')).toMatchObject({ code: 'failed', detail: 'no answer within 2 s' });
  });

  it('takes a hint, but not without end', async () => {
    const clock = new VirtualClock();
    const source = scripted(clock, () => value(clock, 1));
    watching(clock, { file: source });
    await pass(clock, 4_000);
    for (let count = 0; count < 100; count += 1) {
      source.hint();
      await pass(clock, 10);
    }
    await pass(clock, 10_000);
    expect(source.readAt[1]).toBe(4);
    expect(source.readAt.length).toBeLessThan(15);
    expect(source.readAt.at(-1)).toBe(10);
  });

  it('makes a value stale when it is asked for, by the time of the value', async () => {
    const clock = new VirtualClock();
    let isOver = false;
    const source = scripted(clock, () => (isOver ? NEVER : value(clock, 3, 20_000)));
    const { watch } = watching(clock, { cpu: source }, { intervalMs: 60_000, maxAgeMs: 30_000 });
    await pass(clock, 9_000);
    isOver = true;
    expect(watch.readings().get('cpu')).toMatchObject({ kind: 'value', value: 3 });
    await pass(clock, 2_000);
    expect(watch.readings().get('cpu')).toMatchObject({
      kind: 'missing',
      code: 'stale',
      detail: 'the newest value is 31s old, and counts for 30s',
    });
  });

  it('trusts no value from the future, and none that is no number', async () => {
    const clock = new VirtualClock();
    const { watch } = watching(clock, {
      future: scripted(clock, () => value(clock, 1, -3_600_000)),
      ahead: scripted(clock, () => value(clock, 2, -5_000)),
      nan: scripted(clock, () => value(clock, Number.NaN)),
      when: scripted(clock, () => value(clock, 1, Number.NaN)),
    });
    await pass(clock, 0);
    expect(watch.readings().get('future')).toMatchObject({
      code: 'failed',
      detail: expect.stringContaining('1h ahead'),
    });
    expect(watch.readings().get('ahead')).toEqual({ kind: 'value', value: 2, at: clock.now() });
    expect(watch.readings().get('nan')).toMatchObject({ code: 'notANumber' });
    expect(watch.readings().get('when')).toMatchObject({ code: 'notANumber' });
  });

  it('goes on when the clock is set', async () => {
    const clock = new VirtualClock();
    const source = scripted(clock, () => value(clock, 1));
    watching(clock, { cpu: source });
    await pass(clock, 1_000);
    clock.jump(-86_400_000);
    await pass(clock, 30_000);
    clock.jump(86_400_000);
    await pass(clock, 30_000);
    expect(source.readAt.length).toBeGreaterThanOrEqual(5);
    expect(source.readAt.length).toBeLessThanOrEqual(8);
  });

  it('ends with its signal, in the middle of a reading too', async () => {
    const clock = new VirtualClock();
    const idle = scripted(clock, () => value(clock, 1));
    const hung = scripted(clock, () => NEVER);
    const { stop, done, told } = watching(clock, { idle, hung });
    await pass(clock, 1_000);
    stop.abort();
    await done;
    expect([idle.isWatched, hung.isWatched]).toEqual([false, false]);
    expect(told).toEqual(['0 idle 1']);
  });

  it('is done at once without metrics', async () => {
    const clock = new VirtualClock();
    await watching(clock, {}).done;
  });
});
