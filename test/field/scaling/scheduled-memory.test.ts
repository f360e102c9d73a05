import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/decide/decide.ts';
import type { GroupMemory } from '../../../src/model/group-memory.ts';
import type { ScheduledAction } from '../../../src/model/scaling-policy.ts';
import { healthy, reasons } from '../../support/decisions.ts';
import { snapshotOf } from '../../support/snapshot.ts';

const HOUR_MS = 3_600_000;
const NOON = Date.parse('2026-11-23T12:00:30Z');
const LONG_AGO = NOON - 30 * HOUR_MS;

const action = (changes: Partial<ScheduledAction>): ScheduledAction => ({
  name: 'up',
  schedule: { kind: 'cron', expression: '0 12 * * *', timeZone: 'UTC' },
  startAt: null,
  endAt: null,
  minSize: null,
  maxSize: null,
  desiredCapacity: null,
  ...changes,
});

const decideOn = (actions: readonly ScheduledAction[], memory: Partial<GroupMemory> = {}, now = NOON) =>
  decide(snapshotOf(healthy('a', 'b', 'c'), { group: { scheduledActions: actions }, memory }), now);

const cron = (expression: string, timeZone = 'UTC') => ({ schedule: { kind: 'cron', expression, timeZone } }) as const;

describe('a scheduled action that is changed does nothing for the past', () => {
  it.each([
    ['startAt is taken out', { startAt: NOON + HOUR_MS }, {}],
    ['startAt is moved back', { startAt: NOON + HOUR_MS }, { startAt: LONG_AGO }],
    ['endAt is taken out', { endAt: LONG_AGO }, {}],
    ['endAt is moved on', { endAt: LONG_AGO }, { endAt: NOON + HOUR_MS }],
    ['its recurrence is another one', cron('0 13 * * *'), cron('0 12 * * *')],
    ['its time zone is another one', cron('0 12 * * *', 'Asia/Tokyo'), {}],
    ['it is done once instead', cron('0 13 * * *'), { schedule: { kind: 'once', at: NOON - 1_000 } }],
  ] as const)('%s', (_, before, after) => {
    const known = decideOn([action({ ...before, desiredCapacity: 8 })], {}, NOON - HOUR_MS).memory;
    const edited = decideOn([action({ ...after, desiredCapacity: 8 })], known);
    expect([reasons(edited), edited.memory.desired]).toEqual([[], 3]);
  });

  it('but is carried out when it falls due the next time', () => {
    const known = decideOn([action({ startAt: NOON + HOUR_MS, desiredCapacity: 8 })], {}, NOON - HOUR_MS).memory;
    const edited = decideOn([action({ desiredCapacity: 8 })], known).memory;
    expect(decideOn([action({ desiredCapacity: 8 })], edited, NOON + 24 * HOUR_MS).memory.desired).toBe(8);
  });
});

describe('what a scheduled action has set', () => {
  const up = action({ minSize: 4, maxSize: 6 });
  const other = action({ name: 'other', maxSize: 8 });
  const during = (actions: readonly ScheduledAction[]) =>
    decideOn(actions, decideOn(actions, {}, NOON - HOUR_MS).memory).memory;
  const bounds = (memory: GroupMemory) => [memory.bounds?.minSize ?? 0, memory.bounds?.maxSize ?? 10];

  it('is over when the action is taken out of the fleet file, and that is said', () => {
    expect(bounds(during([up]))).toEqual([4, 6]);
    const removed = decideOn([], during([up]));
    expect(removed.memory.bounds).toBe(null);
    expect(removed.activities[0]).toMatchObject({
      reason: 'scheduledAction',
      message: 'Scheduled action up does not hold any more: minimum from 4 to 0, maximum from 6 to 10.',
    });
  });

  it('is over one by one: the rest stays as the others have set it', () => {
    const both = during([other, { ...up, maxSize: null }]);
    expect(bounds(both)).toEqual([4, 8]);
    expect(bounds(decideOn([other], both).memory)).toEqual([0, 8]);
    expect(bounds(decideOn([up], both).memory)).toEqual([4, 10]);
  });

  it('is over when the action sets it no more, and stays when only its schedule is changed', () => {
    expect(bounds(decideOn([{ ...up, minSize: null }], during([up])).memory)).toEqual([0, 6]);
    expect(bounds(decideOn([{ ...up, ...cron('0 18 * * *') }], during([up])).memory)).toEqual([4, 6]);
  });
});
