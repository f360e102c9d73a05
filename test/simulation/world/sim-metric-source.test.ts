import { describe, expect, it } from 'vitest';
import type { Reading } from '../../../src/model/observation.ts';
import { calmConditions } from './conditions.ts';
import { type LoadChange, Measures, type MetricTrouble } from './measures.ts';
import { createRandom } from './random.ts';
import { measuring, SimMetricSource } from './sim-metric-source.ts';
import { Trace } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A source of the load of group web, which has `servers` of them, and what its witness was told. */
function sourceOf(measure: 'total' | 'average', servers: number) {
  const clock = new VirtualClock();
  const measures = new Measures(createRandom(1), clock);
  const told: Reading[] = [];
  const conditions = calmConditions({ minMs: 1, maxMs: 1 }).metrics;
  const source = new SimMetricSource({
    metric: {
      name: 'm',
      source: 'simulated',
      settings: measuring('web', measure),
      intervalMs: 1,
      timeoutMs: 1,
      maxAgeMs: 1,
    },
    measures,
    serving: () => servers,
    clock,
    random: createRandom(2),
    trace: new Trace(clock, { keptLines: 1 }),
    conditions,
    witness: { readsAnew: () => {}, hasRead: (_group, _metric, reading) => told.push(reading) },
  });
  const read = async (signal = new AbortController().signal): Promise<Reading> => {
    const reading = source.read(signal);
    await clock.advance();
    return reading;
  };
  const change = (to: LoadChange): void => measures.load('web').change(to, clock.elapsedMs);
  const trouble = (kind: MetricTrouble): void => {
    measures.gauge('web', 'm').trouble = { kind, sinceMs: clock.elapsedMs };
  };
  return { clock, measures, conditions, told, read, change, trouble };
}

describe('a simulated metric', () => {
  it('is the load, or what each server has of it', async () => {
    for (const [measure, value] of [
      ['total', { value: 300 }],
      ['average', { value: 100, over: 3 }],
    ] as const) {
      const { clock, change, read } = sourceOf(measure, 3);
      change({ kind: 'jump', to: 300 });
      expect(await read()).toEqual({ kind: 'value', ...value, at: clock.now() });
    }
  });

  it('is missing as an average where there is no server', async () => {
    expect(await sourceOf('average', 0).read()).toMatchObject({ kind: 'missing', code: 'absent' });
  });

  it('rises over a time, and stays when all is calm', async () => {
    const { clock, measures, change, read } = sourceOf('total', 1);
    change({ kind: 'jump', to: 0 });
    change({ kind: 'ramp', to: 100, overMs: 1_000 });
    clock.plan(500, () => measures.calmDown());
    await clock.advance();
    clock.plan(60_000, () => {});
    await clock.advance();
    expect(await read()).toMatchObject({ value: 50 });
  });

  it('bears the time of before while it is stuck', async () => {
    const { clock, trouble, read } = sourceOf('total', 1);
    const at = clock.now();
    trouble('stuck');
    clock.plan(60_000, () => {});
    await clock.advance();
    expect(await read()).toMatchObject({ kind: 'value', at });
  });

  it('is missing when the call fails, and throws only when it is given up', async () => {
    const { conditions, told, read } = sourceOf('total', 1);
    conditions.read.faults = { failsBefore: 1 };
    expect(await read()).toMatchObject({ kind: 'missing', code: 'failed' });
    await expect(read(AbortSignal.abort())).rejects.toThrow('given up');
    expect(told.map(({ kind }) => kind)).toEqual(['missing', 'missing']);
  });
});
