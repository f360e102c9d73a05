import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertyRuns } from '../../test/support/effort.ts';
import type { ScheduledAction } from '../model/scaling-policy.ts';
import { Calendar, nextTime } from './schedule.ts';

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
    expect(next({}, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(next({}, '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
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

describe('dueSince', () => {
  const due = (more: Partial<ScheduledAction>, after: string, until: string) => {
    const at = new Calendar().dueSince(action(more), Date.parse(after), Date.parse(until));
    return at === null ? null : new Date(at).toISOString();
  };

  it('is the last of several times that passed', () => {
    expect(due({}, '2026-11-20T00:00:00Z', '2026-11-23T01:30:00Z')).toBe('2026-11-23T01:30:00.000Z');
    expect(due({}, '2026-11-20T00:00:00Z', '2026-11-23T01:29:59Z')).toBe('2026-11-22T01:30:00.000Z');
    expect(due({}, '2026-11-23T01:30:00Z', '2026-11-24T01:00:00Z')).toBeNull();
  });

  it('does not pass the end', () => {
    const endAt = Date.parse('2026-11-21T12:00:00Z');
    expect(due({ endAt }, '2026-11-20T00:00:00Z', '2026-11-23T12:00:00Z')).toBe('2026-11-21T01:30:00.000Z');
  });
});

// Clocks change by an hour, by half an hour, at midnight, and in either order in the year.
const ZONES = ['Europe/Berlin', 'America/New_York', 'Africa/Cairo', 'Australia/Lord_Howe', 'UTC'];

it('the same times are found at whatever moments they are asked for, also while clocks are changed', () => {
  const expression = fc.constantFrom('30 2 * * *', '0 2 * * *', '*/20 * * * *', '15 1-3 * * *', '0 0 * * 1-5');
  const start = fc.constantFrom(
    ...['2026-03-07', '2026-03-28', '2026-04-04', '2026-04-23', '2026-10-03', '2026-10-24', '2026-10-29', '2026-10-31'],
  );
  const steps = fc.array(fc.integer({ min: 1, max: 7_200 }), { minLength: 20, maxLength: 40 });
  fc.assert(
    fc.property(expression, fc.constantFrom(...ZONES), start, steps, (cron, timeZone, day, seconds) => {
      const one = action({ schedule: { kind: 'cron', expression: cron, timeZone } });
      let at = Date.parse(`${day}T18:00:00Z`);
      const end = at + seconds.reduce((sum, s) => sum + s, 0) * 1_000;
      const all: number[] = [];
      for (let time = nextTime(one, at); time !== null && time <= end; time = nextTime(one, time)) all.push(time);
      for (const s of seconds) {
        const until = at + s * 1_000;
        const passed = all.filter((time) => time > at && time <= until);
        const due = new Calendar().dueSince(one, at, until);
        if (passed.length === 0) expect(due).toBeNull();
        else expect(passed).toContain(due);
        expect(nextTime(one, until)).toBeGreaterThan(until);
        at = until;
      }
    }),
    propertyRuns(40),
  );
});
