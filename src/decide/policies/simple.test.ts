import { describe, expect, it } from 'vitest';
import { contextOf, MINUTE, MONDAY_8, simply, value } from '../../../test/support/policies.ts';
import { afterChange } from './evaluate.ts';
import { CHANGE_LIMIT_MS, simple } from './simple.ts';

describe('a simple policy', () => {
  const policy = simply();
  const decided = simple(policy, contextOf(value(65)));
  const memory = afterChange(policy, decided.memory, 2, MONDAY_8);
  const later = (afterMs: number, more: object = {}) => {
    const now = MONDAY_8 + afterMs;
    return simple(policy, contextOf(value(65, now), { now, desired: 6, memory, ...more }));
  };

  it('changes the size by its adjustment', () => {
    expect(decided).toMatchObject({ wants: 6 });
  });

  it('waits until its change is done, and from then on for its cooldown', () => {
    expect(later(MINUTE, { warming: 2 })).toMatchObject({ wants: null, cappedBy: 'changeUnderWay' });
    const done = later(2 * MINUTE);
    expect(done.memory).toMatchObject({ changes: [], lastScaleOutAt: MONDAY_8 + 2 * MINUTE });
    const cooling = later(3 * MINUTE, { memory: done.memory });
    expect(cooling).toMatchObject({ wants: null, cappedBy: 'cooldown', waitsUntil: MONDAY_8 + 7 * MINUTE });
    expect(later(7 * MINUTE, { memory: done.memory })).toMatchObject({ wants: 8 });
  });

  it('is not silenced for ever by a change that never gets done', () => {
    const stuck = { settled: 4, desired: 6 };
    expect(later(CHANGE_LIMIT_MS - 1, stuck)).toMatchObject({ cappedBy: 'changeUnderWay' });
    const over = later(CHANGE_LIMIT_MS, stuck);
    expect(over.memory.changes).toEqual([]);
    expect(later(CHANGE_LIMIT_MS + 5 * MINUTE, { ...stuck, memory: over.memory })).toMatchObject({ wants: 8 });
  });

  it('is not held up by a clock that was set back', () => {
    const ahead = { lastScaleOutAt: MONDAY_8 + 60 * MINUTE };
    expect(simple(policy, contextOf(value(65), { memory: ahead }))).toMatchObject({ wants: 6 });
  });
});
