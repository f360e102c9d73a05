import { describe, expect, it } from 'vitest';
import type { ScheduledAction } from '../model/scaling-policy.ts';
import { nextTime } from './schedule.ts';

const action = (more: Partial<ScheduledAction>): ScheduledAction => ({
  name: 'a',
  schedule: { kind: 'cron', expression: '30 2 * * *', timeZone: 'Europe/Berlin' },
  startAt: null,
  endAt: null,
  minSize: 1,
  maxSize: null,
  desiredCapacity: null,
  ...more,
});
const next = (more: Partial<ScheduledAction>, after: string) => {
  const at = nextTime(action(more), Date.parse(after));
  return at === null ? null : new Date(at).toISOString();
};

describe('nextTime', () => {
  it('is later than the moment asked from', () => {
    expect(next({}, '2026-11-23T00:00:00Z')).toBe('2026-11-23T01:30:00.000Z');
    expect(next({}, '2026-11-23T01:29:59.999Z')).toBe('2026-11-23T01:30:00.000Z');
    expect(next({}, '2026-11-23T01:30:00Z')).toBe('2026-11-24T01:30:00.000Z');
  });

  it('goes by the wall clock of its time zone, once on each day, also when the clock is changed', () => {
    // 02:30 does not exist on 29 March 2026 and is there twice on 25 October.
    expect(next({}, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:30:00.000Z');
    expect(next({}, '2026-03-29T01:30:00Z')).toBe('2026-03-30T00:30:00.000Z');
    expect(next({}, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(next({}, '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  it('lies between start and end, both included', () => {
    const at = Date.parse('2026-12-01T01:30:00Z');
    expect(next({ startAt: at }, '2026-11-23T00:00:00Z')).toBe('2026-12-01T01:30:00.000Z');
    expect(next({ endAt: at }, '2026-11-30T12:00:00Z')).toBe('2026-12-01T01:30:00.000Z');
    expect(next({ endAt: at - 1 }, '2026-11-30T12:00:00Z')).toBeNull();
  });

  it('of a single moment is over once it has passed', () => {
    const once = { schedule: { kind: 'once', at: Date.parse('2026-11-27T00:00:00Z') } } as const;
    expect(next(once, '2026-11-26T23:59:59.999Z')).toBe('2026-11-27T00:00:00.000Z');
    expect(next(once, '2026-11-27T00:00:00Z')).toBeNull();
  });
});
