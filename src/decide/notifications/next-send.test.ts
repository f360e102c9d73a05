import { describe, expect, it } from 'vitest';
import type { QuietHours } from '../../model/notification.ts';
import { nextSend, type SendState } from './next-send.ts';
import { quietUntil } from './quiet-hours.ts';

const at = (text: string) => Date.parse(text);
const MINUTE_MS = 60_000;

const NIGHT: QuietHours = { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: 'Europe/Berlin', letErrorsThrough: false };
const LUNCH: QuietHours = { ...NIGHT, fromMinute: 12 * 60, toMinute: 13 * 60 };

describe('quietUntil', () => {
  it.each([
    ['before them', NIGHT, '2026-11-27T21:59:59+01:00', null],
    ['as they begin', NIGHT, '2026-11-27T22:00:00+01:00', '2026-11-28T07:00:00+01:00'],
    ['after midnight', NIGHT, '2026-11-28T03:00:00+01:00', '2026-11-28T07:00:00+01:00'],
    ['as they end', NIGHT, '2026-11-28T07:00:00+01:00', null],
    ['over noon', LUNCH, '2026-11-28T12:30:00+01:00', '2026-11-28T13:00:00+01:00'],
    ['in the night in which clocks are set forward', NIGHT, '2026-03-28T23:00:00+01:00', '2026-03-29T07:00:00+02:00'],
    ['in the night in which they are set back', NIGHT, '2026-10-24T23:00:00+02:00', '2026-10-25T07:00:00+01:00'],
    [
      'with an end that the clock leaves out',
      { ...NIGHT, toMinute: 150 },
      '2026-03-29T01:00:00+01:00',
      '2026-03-29T03:00:00+02:00',
    ],
    [
      'with an end that it shows twice, the first time',
      { ...NIGHT, toMinute: 150 },
      '2026-10-25T02:10:00+02:00',
      '2026-10-25T02:30:00+02:00',
    ],
  ] as const)('%s', (_, quietHours, now, end) => {
    expect(quietUntil(quietHours, at(now))).toBe(end === null ? null : at(end));
  });

  it('is over in a while wherever in the hour that is there twice it is asked', () => {
    const quietHours = { ...NIGHT, toMinute: 150 };
    const now = at('2026-10-25T02:10:30+01:00');
    expect(quietUntil(quietHours, now)).toBeGreaterThan(now);
    expect(quietUntil(quietHours, at('2026-10-25T02:30:00+01:00'))).toBeNull();
  });
});

describe('nextSend', () => {
  const times = {
    level: 'info',
    categories: [],
    groups: [],
    groupWaitMs: 30_000,
    groupIntervalMs: 300_000,
    quietHours: null,
  } as const;
  const NOON = { at: at('2026-11-27T11:00:00Z'), steadyMs: 1_000_000 };
  const NOTHING: SendState = { waiting: null, isPending: false, last: null, retryMs: null };
  const waiting = (sinceMs: number, level: 'info' | 'warning' | 'error' = 'warning', isFull = false) => ({
    sinceMs,
    level,
    isFull,
  });
  const last = (atMs: number, level: 'info' | 'warning' | 'error' = 'warning') => ({ atMs, level });

  it.each<readonly [string, Partial<SendState>, object]>([
    ['nothing waits', {}, { kind: 'nothing' }],
    ['the first waits for others', { waiting: waiting(990_000) }, { kind: 'wait', forMs: 20_000 }],
    ['the first has waited', { waiting: waiting(970_000) }, { kind: 'send' }],
    [
      'the last message was a moment ago',
      { waiting: waiting(960_000), last: last(950_000) },
      { kind: 'wait', forMs: 250_000 },
    ],
    ['the last message was long ago', { waiting: waiting(960_000), last: last(600_000) }, { kind: 'send' }],
    [
      'it is worse than the last message',
      { waiting: waiting(970_000, 'error'), last: last(950_000) },
      { kind: 'send' },
    ],
    [
      'it is no worse than the last message',
      { waiting: waiting(970_000, 'error'), last: last(950_000, 'error') },
      { kind: 'wait' },
    ],
    ['no more fits in', { waiting: waiting(999_999, 'info', true), last: last(999_999) }, { kind: 'send' }],
    ['one was begun', { isPending: true, last: last(999_999) }, { kind: 'send' }],
    ['one was begun and failed', { isPending: true, retryMs: 1_005_000 }, { kind: 'wait', forMs: 5_000 }],
    ['the last try has failed', { waiting: waiting(900_000), retryMs: 1_005_000 }, { kind: 'wait', forMs: 5_000 }],
  ])('%s', (_, state, expected) => {
    expect(nextSend(times, { ...NOTHING, ...state }, NOON)).toMatchObject(expected);
  });

  const night = { ...times, quietHours: NIGHT };
  const through = { ...times, quietHours: { ...NIGHT, letErrorsThrough: true } };
  const MIDNIGHT = { at: at('2026-11-27T23:00:00Z'), steadyMs: 1_000_000 };
  const quiet = { kind: 'wait', forMs: 7 * 60 * MINUTE_MS, isQuiet: true };

  it.each<readonly [string, typeof through | typeof night, Partial<SendState>, object]>([
    ['an error', night, { waiting: waiting(0, 'error') }, quiet],
    ['what was begun before', night, { isPending: true }, quiet],
    ['what is full', night, { waiting: waiting(0, 'info', true) }, quiet],
    ['nothing', night, {}, { kind: 'nothing' }],
    ['an error that may break through', through, { waiting: waiting(0, 'error') }, { kind: 'send' }],
    ['a warning where errors may break through', through, { waiting: waiting(0) }, quiet],
    ['what was begun, which may hide an error', through, { isPending: true }, { kind: 'send' }],
  ])('in quiet hours: %s', (_, when, state, expected) => {
    expect(nextSend(when, { ...NOTHING, ...state }, MIDNIGHT)).toMatchObject(expected);
  });
});
