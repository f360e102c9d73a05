import { expect, it } from 'vitest';
import { count } from '../../base/plural.ts';
import { amount, duration } from './units.ts';

it('tells durations in their two largest units', () => {
  const hour = 3_600_000;
  expect([-5, 0, 59_999, 192_000, hour + 300_000, 51 * hour].map(duration)).toEqual([
    '0s',
    '0s',
    '59s',
    '3m 12s',
    '1h 05m',
    '2d 03h',
  ]);
});

it('tells amounts with few digits', () => {
  expect([0, 4.24, 99.96, 137.4, 9_999, 12_345, 999_000, 4_500_000].map(amount)).toEqual([
    '0',
    '4.2',
    '100',
    '137',
    '9999',
    '12.3k',
    '999k',
    '4.5M',
  ]);
});

it('counts things', () => {
  expect([count(0, 'server'), count(1, 'server'), count(2, 'server')]).toEqual(['0 servers', '1 server', '2 servers']);
});
