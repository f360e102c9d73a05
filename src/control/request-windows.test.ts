import { describe, expect, it } from 'vitest';
import { TARGET_GROUP } from '../../test/support/snapshot.ts';
import { NO_TRAFFIC, type Traffic } from '../model/observation.ts';
import { RequestWindows } from './request-windows.ts';

const groups = [{ ...TARGET_GROUP, outlierDetection: { ...TARGET_GROUP.outlierDetection, consecutiveIntervals: 2 } }];

function seen(traffic: Readonly<Record<string, Partial<Traffic>>>) {
  const targets = Object.entries(traffic).map(([instanceId, change]) => ({
    ...{ instanceId, health: 'healthy' as const, detail: '', idleObservations: 0 },
    traffic: { ...NO_TRAFFIC, ...change },
  }));
  return [{ name: 'web', traffic: NO_TRAFFIC, targets }];
}

describe('request windows', () => {
  it('count each target’s requests and errors, interval by interval, and keep the newest', () => {
    const windows = new RequestWindows();
    expect(windows.take(seen({ a: { requestsTotal: 50 } }), 0, groups)).toEqual(new Set());
    windows.take(seen({ a: { requestsTotal: 60 } }), 9_999, groups);
    expect(windows.of('web')).toEqual(new Map());
    expect(windows.take(seen({ a: { requestsTotal: 60 } }), 10_000, groups)).toEqual(new Set());
    const failing = { requestsTotal: 70, errors5xxTotal: 5, responseErrorsTotal: 2, retriesTotal: 3 };
    expect(windows.take(seen({ a: failing, b: {} }), 20_000, groups)).toEqual(new Set(['web']));
    expect(windows.of('web').get('a')).toEqual([
      { requests: 10, errors: 0 },
      { requests: 10, errors: 10 },
    ]);
    expect(windows.of('web').get('b')).toBeUndefined();
    windows.take(seen({ a: failing, b: { requestsTotal: 1 } }), 30_000, groups);
    expect(windows.of('web').get('a')).toEqual([
      { requests: 10, errors: 10 },
      { requests: 0, errors: 0 },
    ]);
  });

  it('begin anew after a time without observations', () => {
    const windows = new RequestWindows();
    for (const at of [0, 10_000, 20_000])
      windows.take(seen({ a: { errors5xxTotal: at, requestsTotal: at } }), at, groups);
    expect(windows.of('web').get('a')).toHaveLength(2);
    // The windows that were are gone: who is told of them is to know.
    expect(windows.take(seen({ a: {} }), 60_000, groups)).toEqual(new Set(['web']));
    expect(windows.of('web')).toEqual(new Map());
  });
});
