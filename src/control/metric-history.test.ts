import { describe, expect, it, onTestFinished } from 'vitest';
import { settle, VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { PortError } from '../ports/errors.ts';
import type { MetricAverage, MetricSample, Store } from '../ports/store.ts';
import { MetricHistory } from './metric-history.ts';

const HOUR = 3_600_000;

function historyOver(store: Partial<Store>) {
  const clock = new VirtualClock();
  const problems: string[] = [];
  const history = new MetricHistory(store as Store, clock, (message) => problems.push(message));
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return { clock, problems, history, start: () => void history.run(stop.signal) };
}

describe('recording', () => {
  it('keeps the mean of what was read, every ten seconds, and nothing of what was missing', async () => {
    const recorded: [number, readonly MetricSample[]][] = [];
    const { clock, history, start } = historyOver({
      recordMetrics: async (at, samples) => void recorded.push([at, samples]),
    });
    start();
    history.take('web', 'cpu', { kind: 'value', value: 1, at: 0 });
    history.take('web', 'cpu', { kind: 'value', value: 4, at: 0 });
    history.take('workers', 'cpu', { kind: 'value', value: 0, at: 0 });
    history.take('web', 'queue', { kind: 'missing', code: 'failed', detail: 'no answer', at: 0 });
    await clock.advance();
    await clock.advance();
    expect(recorded).toEqual([
      [
        clock.now() - 10_000,
        [
          { group: 'web', metric: 'cpu', value: 2.5 },
          { group: 'workers', metric: 'cpu', value: 0 },
        ],
      ],
    ]);
  });

  it('goes on after a failure', async () => {
    const { clock, problems, history, start } = historyOver({
      recordMetrics: () => Promise.reject(new PortError('NoCapacity', 'diskFull', 'the disk is full')),
    });
    start();
    for (let round = 0; round < 2; round += 1) {
      history.take('web', 'cpu', { kind: 'value', value: 1, at: 0 });
      await clock.advance();
    }
    expect(problems).toEqual(['metric samples: the disk is full', 'metric samples: the disk is full']);
  });
});

describe('hourly', () => {
  it('reads at most every ten minutes, and leaves out the hour that is not over', async () => {
    let reads = 0;
    const { clock, history } = historyOver({
      metricHistory: async (_group, _metric, since, bucketMs): Promise<MetricAverage[]> => {
        reads += 1;
        expect([since, bucketMs]).toEqual([clock.now() - 14 * 24 * HOUR, HOUR]);
        return [
          { at: clock.now() - 2 * HOUR, value: 1 },
          { at: clock.now() - HOUR + 1, value: 2 },
        ];
      },
    });
    expect(history.hourly('web', 'cpu')).toEqual([]);
    expect(history.hourly('web', 'cpu')).toEqual([]);
    await settle();
    expect(history.hourly('web', 'cpu')).toEqual([{ at: clock.now() - 2 * HOUR, value: 1 }]);
    const known = history.hourly('web', 'cpu');
    clock.jump(9 * 60_000);
    expect(history.hourly('web', 'cpu')).toBe(known);
    await settle();
    expect(reads).toBe(1);
    clock.jump(60_000);
    history.hourly('web', 'cpu');
    history.hourly('web', 'cpu');
    await settle();
    expect(reads).toBe(2);
  });

  it('keeps what it knows when the store fails, and does not ask at every decision', async () => {
    let reads = 0;
    const { problems, history } = historyOver({
      metricHistory: () => {
        reads += 1;
        return Promise.reject(new PortError('Transient', 'storeBusy', 'busy'));
      },
    });
    history.hourly('web', 'cpu');
    await settle();
    expect(history.hourly('web', 'cpu')).toEqual([]);
    await settle();
    expect([reads, problems]).toEqual([1, ['metric history: busy']]);
  });
});
