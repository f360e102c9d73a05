import { describe, expect, it } from 'vitest';
import { aligned, valueAt } from './history.ts';

const history = {
  bucketMs: 10_000,
  capacity: [
    { at: 5_000, desired: 3, inService: 2 },
    { at: 31_000, desired: 5, inService: 3 },
  ],
  metrics: {},
  traffic: {
    web: [
      { at: 0, requestsPerSecond: 10, errors5xxPerSecond: 0, responseTimeMs: 4 },
      { at: 30_000, requestsPerSecond: 40, errors5xxPerSecond: 0, responseTimeMs: 4 },
    ],
    api: [{ at: 30_000, requestsPerSecond: 2, errors5xxPerSecond: 0, responseTimeMs: 4 }],
  },
};

describe('aligned', () => {
  it('holds a size until it changes, and ends with what is so now', () => {
    const { times, desired, inService } = aligned(history, 0, 60_000, { at: 55_000, desired: 5, inService: 5 });
    expect(times).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    expect(desired).toEqual([3, 3, 3, 5, 5, 5]);
    expect(inService).toEqual([2, 2, 2, 3, 3, 5]);
  });

  it('adds up the target groups, and lets a line go on over a short time without values', () => {
    const { requestsPerSecond } = aligned(history, 0, 50_000, null);
    expect(requestsPerSecond).toEqual([10, undefined, undefined, 42, undefined]);
  });

  it('breaks a line where nothing was recorded for long: that is never zero', () => {
    const { requestsPerSecond } = aligned(history, 0, 200_000, null);
    expect(requestsPerSecond?.slice(3, 14)).toEqual([42, ...Array(9).fill(undefined), null]);
  });
});

it('says the last value before the pointer', () => {
  expect(valueAt([1, undefined, null, undefined], 1)).toBe(1);
  expect(valueAt([1, undefined, null, undefined], 3)).toBeNull();
});
