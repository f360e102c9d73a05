import { describe, expect, it } from 'vitest';
import type { AutoScalingGroup } from '../../model/fleet.ts';
import { errorsOf, parse } from './load-for-test.ts';

const fleet = (group: string) => `fleet: shop
loadBalancers: { web: { listeners: [{ port: 80, targetGroup: web }] } }
targetGroups: { web: {}, unused: {} }
autoScalingGroups:
  web:
    minSize: 1
    maxSize: 10
    launchTemplate: { provider: process, command: [serve] }
${group}`;

function groupOf(group: string): AutoScalingGroup {
  const result = parse(fleet(group));
  const parsed = result.ok ? result.fleet.autoScalingGroups[0] : undefined;
  if (parsed === undefined) throw new Error(errorsOf(fleet(group)));
  return parsed;
}

const METRIC = '    metrics: { load: { source: constant, value: 1 } }\n';

describe('scaling in a fleet file', () => {
  it('is read with every default', () => {
    const { metrics, scalingPolicies, scheduledActions } = groupOf(`${METRIC}    scalingPolicies:
      track: { type: targetTracking, metric: load, targetValue: 50, valueIs: average }
      step: { type: step, metric: load, comparison: greaterThan, threshold: 50, steps: [{ adjustment: 1 }] }
      simple: { type: simple, metric: load, comparison: lessThan, threshold: 10, adjustment: -1 }
      predict: { type: predictive, metric: load, targetValue: 50, valueIs: total }
    scheduledActions:
      morning: { cron: 0 8 * * MON-FRI, minSize: 4 }
      sale: { at: 2026-11-27T00:00:00+01:00, desiredCapacity: 8 }
`);
    expect({ metrics, scalingPolicies, scheduledActions }).toMatchSnapshot();
  });

  it('is read with every key', () => {
    const { metrics, scalingPolicies, scheduledActions } = groupOf(`    metrics:
      jobs: { source: queue, interval: 30s, timeout: 10s, maxAge: 2m, kind: redis, key: jobs, type: stream }
    scalingPolicies:
      track:
        type: targetTracking
        metric: jobs
        targetValue: 0.5
        valueIs: total
        tolerance: 0
        scaleOut: { window: 30s, cooldown: 1m, maxChange: { instances: 4, percent: 100, period: 15s } }
        scaleIn: { window: 10m, cooldown: 5m, maxChange: { percent: 10 } }
        disableScaleIn: true
        whenMissing: maxSize
      step:
        type: step
        metric: jobs
        comparison: lessThanOrEqual
        threshold: 50
        breachFor: 0s
        adjustmentType: percentChangeInCapacity
        minAdjustmentMagnitude: 2
        steps: [{ lowerBound: -10, adjustment: 10 }, { upperBound: -20, adjustment: 30 }, { lowerBound: -20, upperBound: -10, adjustment: 20 }]
      simple: { type: simple, metric: jobs, comparison: greaterThanOrEqual, threshold: 1, adjustmentType: exactCapacity, adjustment: 0, cooldown: 1m }
      predict: { type: predictive, metric: jobs, targetValue: 50, valueIs: total, mode: forecastAndScale, schedulingBuffer: 10m, whenMissing: ignore }
    scheduledActions:
      morning:
        cron: 30 7 * * 1-5
        timeZone: Europe/Berlin
        startAt: 2026-12-01T00:00Z
        endAt: 2027-01-01T00:00:00.5-05:00
        minSize: 4
        maxSize: 20
        desiredCapacity: 6
`);
    expect({ metrics, scalingPolicies, scheduledActions }).toMatchSnapshot();
  });

  it('lets a metric be good for four intervals unless told otherwise', () => {
    const { metrics } = groupOf('    metrics: { load: { source: constant, interval: 5m, value: 1 } }\n');
    expect(metrics).toMatchObject([{ intervalMs: 300_000, timeoutMs: 5_000, maxAgeMs: 1_200_000 }]);
    const fast = groupOf('    metrics: { load: { source: constant, interval: 1s, value: 1 } }\n');
    expect(fast.metrics).toMatchObject([{ intervalMs: 1_000, timeoutMs: 1_000, maxAgeMs: 60_000 }]);
  });
});

describe('errors in', () => {
  it('metrics', () => {
    expect(
      errorsOf(
        fleet(`    metrics:
      a: { source: constnat, value: 1 }
      b: { source: constant, intervall: 1s, value: x }
      c: { source: queue, kind: reddis }
      d: { source: queue, kind: redis, key: k, tipe: list }
      e: { source: http, url: "http://me:s3cret@host/x", header: { authorization: Bearer s3cret } }
      f: { interval: 100ms }
      g: { source: http, url: ftp, headers: { authorization: 7654321 } }
      12: {}
`),
      ),
    ).toMatchSnapshot();
  });

  it('metrics and what is around them', () => {
    expect(
      errorsOf(
        fleet(`    metrics:
      slow: { source: constant, value: 1, interval: 10s, timeout: 20s, maxAge: 15s }
      missing: { source: haproxy, targetGroup: wbe, measure: x }
      idle: { source: haproxy, targetGroup: unused, measure: x }
    scalingPolicies:
      track: { type: targetTracking, metric: mising, targetValue: 1, valueIs: average }
  none:
    minSize: 0
    maxSize: 1
    launchTemplate: { provider: process, command: [serve] }
    scalingPolicies:
      track: { type: targetTracking, metric: load, targetValue: 1, valueIs: average }
`),
      ),
    ).toMatchSnapshot();
  });

  it('policies', () => {
    expect(
      errorsOf(
        fleet(`${METRIC}    scalingPolicies:
      a: { type: targetTraking, metric: load }
      b: { metric: load }
      c: { type: targetTracking, metric: load, targetValue: 0, tolerance: 1 }
      d: { type: targetTracking, metric: load, targetValue: 1, valueIs: mean, scaleout: {}, whenMissing: zero }
      e: { type: targetTracking, metric: load, targetValue: .inf, valueIs: average, scaleIn: { maxChange: {}, window: 2h, coolDown: 1s } }
      f: { type: simple, metric: load, comparison: ">", threshold: 1, adjustment: 0 }
      g: { type: simple, metric: load, comparison: lessThan, threshold: 1, adjustment: 0 }
      h: { type: simple, metric: load, comparison: lessThan, threshold: 1, adjustment: -1, minAdjustmentMagnitude: 2, mode: x }
      i: { type: simple, metric: load, comparison: lessThan, threshold: 1, adjustment: -1, adjustmentType: exactCapacity }
      j: { type: simple, metric: load, comparison: lessThan, threshold: 1, adjustment: -101, adjustmentType: percentChangeInCapacity }
      k: { type: predictive, metric: load, targetValue: 1, valueIs: total, mode: on, schedulingBuffer: 5 }
`),
      ),
    ).toMatchSnapshot();
  });

  const steps = (comparison: string, list: string, type = 'changeInCapacity') =>
    errorsOf(
      fleet(
        `${METRIC}    scalingPolicies: { s: { type: step, metric: load, comparison: ${comparison}, threshold: 50, adjustmentType: ${type}, steps: ${list} } }\n`,
      ),
    )
      .split('\n')
      .filter((line) => line.startsWith('/'))
      .map((line) => line.replace(/^\S+ {2}autoScalingGroups\.web\.scalingPolicies\.s\./, ''));

  it.each([
    ['none', 'greaterThan', '[]'],
    ['a gap', 'greaterThan', '[{ upperBound: 10, adjustment: 1 }, { lowerBound: 20, adjustment: 2 }]'],
    ['a gap, unsorted', 'greaterThan', '[{ lowerBound: 20, adjustment: 2 }, { upperBound: 10, adjustment: 1 }]'],
    ['an overlap', 'greaterThan', '[{ upperBound: 15, adjustment: 1 }, { lowerBound: 10, adjustment: 2 }]'],
    ['one within another', 'lessThan', '[{ adjustment: 1 }, { lowerBound: -20, upperBound: -10, adjustment: 2 }]'],
    ['bounds the wrong way round', 'greaterThan', '[{ lowerBound: 10, upperBound: 5, adjustment: 1 }]'],
    ['nothing at the threshold', 'greaterThan', '[{ lowerBound: 5, adjustment: 1 }]'],
    ['an end', 'greaterThan', '[{ lowerBound: 0, upperBound: 5, adjustment: 1 }]'],
    ['an end below', 'lessThanOrEqual', '[{ lowerBound: -5, upperBound: -1, adjustment: 1 }]'],
    ['the wrong side', 'greaterThanOrEqual', '[{ upperBound: 0, adjustment: -1 }, { lowerBound: 0, adjustment: 1 }]'],
    ['the wrong side below', 'lessThan', '[{ lowerBound: 0, adjustment: 1 }]'],
    ['both signs', 'greaterThan', '[{ upperBound: 10, adjustment: 1 }, { lowerBound: 10, adjustment: -2 }]'],
    ['nothing but 0', 'greaterThan', '[{ upperBound: 10, adjustment: 0 }, { lowerBound: 10, adjustment: 0 }]'],
    [
      'a size below 0',
      'greaterThan',
      '[{ upperBound: 10, adjustment: 4 }, { lowerBound: 10, adjustment: -2 }]',
      'exactCapacity',
    ],
    ['too much at once', 'lessThan', '[{ adjustment: -200 }]', 'percentChangeInCapacity'],
  ] as [string, string, string, string?][])('steps: %s', (_, comparison, list, type) => {
    expect(steps(comparison, list, type)).toMatchSnapshot();
  });

  it('a forecast of an average', () => {
    const errors = errorsOf(
      fleet(`${METRIC}    scalingPolicies:
      k: { type: predictive, metric: load, targetValue: 1, valueIs: average }
`),
    );
    expect(errors).toContain('an average does not tell how many servers were needed; predict a total');
  });

  it('scheduled actions', () => {
    expect(
      errorsOf(
        fleet(`    scheduledActions:
      a: { cron: 0 8 * *, minSize: 2 }
      b: { cron: 0 25 * * *, minSize: 2 }
      c: { cron: "@daily", minSize: 2 }
      d: { cron: 0 0 31 2 *, minSize: 2 }
      e: { cron: "0 0 31 4,6 *", minSize: 2 }
      f: { cron: H 8 * * MON, timeZone: Berlin, minSize: 2 }
      g: { cron: 0 8 * * 5-1, timeZone: +02:00, minSize: 2 }
      h: { at: 2026-11-27T00:00:00, minSize: 2 }
      i: { at: 2026-02-30T00:00:00Z, minSize: 2 }
      j: { at: tomorrow, minSize: 2 }
      k: { at: 2026-11-27T00:00:00Z, timeZone: UTC, startAt: 2026-11-27T00:00:00Z, endAt: 2026-11-28T00:00:00Z }
      l: { cron: 0 8 * * *, at: 2026-11-27T00:00:00Z, minSize: 2 }
      m: { cron: 0 8 * * *, startAt: 2026-11-27T00:00:00Z, endAt: 2026-11-27T01:00:00+01:00, minSize: 2 }
      n: { minSize: 2 }
      o: { cron: "", minSize: -1 }
      p: { cron: "*/0 * * * *", minSize: 2 }
      q: { cron: 0 8 ? * FOO, minSize: 2 }
`),
      ),
    ).toMatchSnapshot();
  });

  it('scheduled actions and the sizes around them', () => {
    expect(
      errorsOf(
        fleet(`    scheduledActions:
      a: { cron: 0 8 * * *, minSize: 5, maxSize: 4 }
      b: { cron: 0 8 * * *, minSize: 5, maxSize: 6, desiredCapacity: 7 }
      c: { cron: 0 8 * * *, minSize: 13 }
      d: { cron: 0 8 * * *, maxSize: 0 }
      e: { cron: 0 8 * * *, desiredCapacity: 0 }
      f: { cron: 0 8 * * *, maxSize: 12 }
`),
      ),
    ).toMatchSnapshot();
  });

  it('a queue that cannot form', () => {
    const metrics =
      '    metrics: { queue: { source: haproxy, targetGroup: web, measure: queueLength } }\n    targetGroups: [web]\n';
    expect(errorsOf(fleet(metrics))).toContain(
      'metrics.queue.measure: queueLength  nothing waits for target group web',
    );
    expect(errorsOf(fleet(metrics).replace('web: {},', 'web: { maxConnectionsPerTarget: 4 },'))).toBe('no errors');
  });

  it('how many servers round robin takes, counting what a scheduled action may allow', () => {
    expect(
      errorsOf(fleet('    targetGroups: [web]\n    scheduledActions: { a: { cron: 0 8 * * *, maxSize: 4999 } }\n')),
    ).toContain('roundRobin takes at most 4095 servers and its groups may have 4999');
  });
});
