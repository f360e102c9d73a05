import { describe, expect, it } from 'vitest';
import { readCsv, readPrometheusRange, readTime } from './recordings.ts';
import { HourlyMeans, split, toSeries } from './series.ts';

const AT = Date.UTC(2026, 10, 23, 8);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('times', () => {
  it.each([
    ['2026-11-23T08:00:00Z', AT],
    ['2026-11-23T09:00:00+01:00', AT],
    ['2026-11-23T08:00:00', AT],
    ['2026-11-23 08:00', AT],
    [String(AT / 1_000), AT],
    [`${AT / 1_000}.5`, AT + 500],
    [String(AT), AT],
    ['time', null],
    ['2026-11-23T25:00', null],
    ['', null],
  ])('%s', (text, expected) => expect(readTime(text)).toBe(expected));
});

describe('CSV', () => {
  it('has a heading or none, quotes or none; what is empty or NaN is missing', () => {
    const points = [
      { at: AT, value: 4.5 },
      { at: AT + MINUTE, value: null },
      { at: AT + 2 * MINUTE, value: null },
    ];
    const lines = ['2026-11-23T08:00,4.5', '"2026-11-23T08:01",', '2026-11-23T08:02,NaN', ''];
    expect(readCsv(lines.join('\n'))).toEqual(points);
    expect(readCsv(`\uFEFFtime,value\r\n${lines.join('\r\n')}`)).toEqual(points);
  });

  it.each([
    ['time,value\nyesterday,1', 'Line 2: "yesterday" is not a valid time'],
    ['1700000000', 'Line 1 is not "time,value".'],
    ['1700000000,1,2', 'Line 1 is not "time,value".'],
    ['1700000000,many', 'Line 1: "many" is no finite number.'],
    ['1700000000,Infinity', 'no finite number'],
    ['1700000000,-1', 'Line 1: a load of -1 is below zero.'],
  ])('refuses %j', (text, message) => expect(() => readCsv(text)).toThrow(message));
});

describe('the answer of query_range', () => {
  const answer = (result: unknown) => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });

  it('is read', () => {
    const values = [
      [AT / 1_000, '4.5'],
      [AT / 1_000 + 60, 'NaN'],
    ];
    expect(readPrometheusRange(answer([{ metric: {}, values }]))).toEqual([
      { at: AT, value: 4.5 },
      { at: AT + MINUTE, value: null },
    ]);
  });

  it.each([
    ['<html>', 'no JSON'],
    ['{"status":"error"}', 'no answer of query_range'],
    [answer([]), '0 series'],
    [answer([{}, {}]), '2 series'],
    [answer([{ histograms: [] }]), 'no values'],
    [answer([{ values: [['x', 1]] }]), 'Value 1'],
    [answer([{ values: [[1, '+Inf']] }]), 'no finite number'],
  ])('is refused: %s', (text, message) => expect(() => readPrometheusRange(text)).toThrow(message));
});

describe('a series', () => {
  const value = (minute: number, load: number | null) => ({ at: AT + minute * MINUTE, value: load });

  it('is in order, at even distances, and what is missing in between is not known', () => {
    const series = toSeries([value(5, 6), value(0, 1), value(1, 2), value(2, null), value(3.02, 4)]);
    expect(series).toEqual({
      intervalMs: MINUTE,
      points: [value(0, 1), value(1, 2), value(2, null), value(3, 4), value(4, null), value(5, 6)],
    });
  });

  it('is refused with too little, with two readings of one time, and without a bound', () => {
    expect(() => toSeries([value(0, 1)])).toThrow('at least two');
    expect(() => toSeries([value(0, 1), value(0, 2)])).toThrow('two readings of 2026-11-23T08:00:00.000Z');
    expect(() => toSeries([value(0, 1), value(1, 1), value(2, 1), value(1e7, 1)])).toThrow('at most 150000');
  });

  it('is split: what is before is only learned from', () => {
    const series = toSeries([value(0, 1), value(1, 2), value(2, 3), value(3, 4)]);
    const { series: part, before } = split(series, AT + MINUTE, AT + 3 * MINUTE);
    expect(part.points).toEqual([value(1, 2), value(2, 3)]);
    expect(before).toEqual([value(0, 1)]);
    expect(() => split(series, AT + HOUR, AT + 2 * HOUR)).toThrow('There is no reading');
  });

  it('is averaged by the hour once the hour is over; what is missing is no zero', () => {
    const means = new HourlyMeans([value(0, 2), value(30, 4), value(45, null), value(60, 9)]);
    expect(means.hours).toEqual([{ at: AT, value: 3 }]);
    means.add(AT + 3 * HOUR, null);
    expect(means.hours).toEqual([
      { at: AT, value: 3 },
      { at: AT + HOUR, value: 9 },
    ]);
  });
});
