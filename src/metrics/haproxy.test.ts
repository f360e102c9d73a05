import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_ABORT, sourceOf } from '../../test/support/metric-sources.ts';
import { NO_TRAFFIC, type Traffic, WHOLE_TRAFFIC } from '../model/observation.ts';
import type { Observed } from '../ports/metric-source.ts';
import { haproxyMetric } from './haproxy.ts';
import { TrafficWindow } from './traffic-window.ts';

function observed(
  steadyMs: number,
  traffic: Partial<Traffic>,
  health: readonly ('healthy' | 'unhealthy')[] = [],
  at = steadyMs,
): Observed {
  const targets = health.map((one, index) => ({
    instanceId: `i-${index}`,
    health: one,
    detail: '',
    idleObservations: 0,
    traffic: NO_TRAFFIC,
  }));
  const targetGroups = [{ name: 'web', traffic: { ...NO_TRAFFIC, ...traffic }, targets }];
  return { at, steadyMs, observation: { at, version: '2.6', ...WHOLE_TRAFFIC, targetGroups } };
}

/** What each observation makes of the measure, a number or the sentence. */
async function seen(measure: string, series: readonly Observed[]): Promise<(number | string)[]> {
  let current: Observed | undefined;
  const source = sourceOf(
    haproxyMetric,
    { targetGroup: 'web', measure },
    { observations: () => (current === undefined ? [] : [current]) },
  );
  const found: (number | string)[] = [];
  for (const one of series) {
    current = one;
    const reading = await source.read(NO_ABORT);
    found.push(reading.kind === 'value' ? reading.value : `${reading.code}: ${reading.detail}`);
  }
  return found;
}

const TOO_FEW = 'empty: a rate needs two observations of the load balancer, a second apart or more';

describe('haproxy', () => {
  it('has a rate from the second observation on, over ten seconds', async () => {
    const series = [0, 5_000, 10_000, 15_000, 20_000].map((at) => observed(at, { requestsTotal: at ** 2 / 1_000_000 }));
    expect(await seen('requestsPerSecond', series)).toEqual([TOO_FEW, 5, 10, 20, 30]);
  });

  it('is missing, not low, while not all of HAProxy can be asked', async () => {
    const whole = observed(10_000, { openRequests: 3, requestsTotal: 50 });
    const part = { ...whole, observation: { ...whole.observation, partial: 'pid 7 does not answer' } };
    for (const measure of ['openRequests', 'requestsPerSecond', 'queueLength', 'responseTime', 'errorShare']) {
      const found = await seen(measure, [observed(0, {}), part, observed(20_000, { requestsTotal: 100 })]);
      expect(found[1]).toBe('failed: the traffic of web is known in part only: pid 7 does not answer');
      expect(found[2]).not.toBe(found[1]);
    }
  });

  it('goes on through a restart of HAProxy, whose counters begin anew', async () => {
    const series = [
      observed(0, { requestsTotal: 1_000 }),
      observed(5_000, { requestsTotal: 1_050 }),
      observed(10_000, { requestsTotal: 20 }),
      observed(15_000, { requestsTotal: 70 }),
    ];
    expect(await seen('requestsPerSecond', series)).toEqual([TOO_FEW, 10, 7, 7]);
  });

  it('does not reach further back than it must, nor across a long gap', async () => {
    const series = [
      observed(0, { requestsTotal: 0 }),
      observed(60_000, { requestsTotal: 600 }),
      observed(60_500, { requestsTotal: 605 }),
      observed(3_600_000, { requestsTotal: 1_000_000 }),
    ];
    expect(await seen('requestsPerSecond', series)).toEqual([TOO_FEW, 10, 10, TOO_FEW]);
  });

  it('takes one observation for one', async () => {
    const series = [observed(1_000, {}), observed(1_000, {}), observed(3_000, { requestsTotal: 4 })];
    expect(await seen('requestsPerSecond', series)).toEqual([TOO_FEW, TOO_FEW, 2]);
  });

  it.each([-7_200_000, 60_000])('begins anew when the clock was set by %i ms', async (byMs) => {
    const series = [
      observed(0, {}),
      observed(2_000, { requestsTotal: 4 }),
      observed(4_000, { requestsTotal: 8 }, [], 4_000 + byMs),
      observed(6_000, { requestsTotal: 12 }, [], 6_000 + byMs),
    ];
    expect(await seen('requestsPerSecond', series)).toEqual([TOO_FEW, 2, TOO_FEW, 2]);
  });

  it('relates requests to the targets that get them', async () => {
    const series = [
      observed(0, {}, ['healthy']),
      observed(10_000, { requestsTotal: 100 }, ['healthy', 'unhealthy', 'healthy']),
      observed(20_000, { requestsTotal: 200 }, ['unhealthy']),
    ];
    const none = 'empty: web has no target that could get requests';
    expect(await seen('requestsPerTarget', series)).toEqual([TOO_FEW, 5, none]);
  });

  it('reports gauges at once, by the time of the observation', async () => {
    const one = observed(5_000, { openRequests: 3, queuedRequests: 4 });
    expect(await seen('openRequests', [one])).toEqual([3]);
    expect(await seen('queueLength', [one])).toEqual([4]);
    const source = sourceOf(
      haproxyMetric,
      { targetGroup: 'web', measure: 'openRequests' },
      { observations: () => [one] },
    );
    expect(await source.read(NO_ABORT)).toHaveProperty('at', 5_000);
  });
});

it('counts what was counted, whenever the load balancer restarts', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 1, max: 5_000 }),
    requests: fc.nat(1_000),
    restarts: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 50 }), (steps) => {
      const window = new TrafficWindow();
      const truth: { at: number; sum: number }[] = [];
      let at = 0;
      let counter = 500;
      let sum = 0;
      window.add({ at, steadyMs: at }, { ...NO_TRAFFIC, requestsTotal: counter });
      truth.push({ at, sum });
      for (const { afterMs, requests, restarts } of steps) {
        at += afterMs;
        // A restart that nobody could tell from the number is none.
        const isTold = restarts && requests < counter;
        counter = isTold ? requests : counter + requests;
        sum += requests;
        window.add({ at, steadyMs: at }, { ...NO_TRAFFIC, requestsTotal: counter });
        truth.push({ at, sum });
        const counted = window.lately();
        if (counted === null) continue;
        const begin = truth.find((one) => one.at === at - counted.spanMs);
        expect(counted.requests).toBe(sum - (begin?.sum ?? Number.NaN));
        expect(counted.spanMs).toBeLessThan(10_000 + 5_000);
      }
    }),
  );
});
