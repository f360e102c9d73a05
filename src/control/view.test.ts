import { describe, expect, it } from 'vitest';
import type { Clock } from '../ports/clock.ts';
import { LastSeen } from './view.ts';

function seenAt(times: readonly number[]) {
  let now = 0;
  const clock: Clock = { now: () => now, sleep: async () => {} };
  const last = new LastSeen<string>(clock, 10_000);
  for (const at of times) {
    now = at;
    last.saw('it', at);
  }
  const at = (time: number) => {
    now = time;
  };
  return { last, at };
}

describe('what was seen last', () => {
  it('is relied upon while it is young, though a newer look has failed', () => {
    const { last, at } = seenAt([1_000]);
    at(11_000);
    last.failed(new Error('no answer'));
    expect(last.view()).toEqual({ kind: 'seen', value: 'it' });
    at(11_001);
    expect(last.view()).toMatchObject({ kind: 'blind', since: 1_000, failure: { message: 'no answer' } });
  });

  it('is not relied upon when no look has come back for long', () => {
    const { last, at } = seenAt([1_000]);
    at(12_000);
    expect(last.view()).toMatchObject({ kind: 'blind', failure: { code: 'late' } });
  });

  it('is nothing to rely upon after the clock was set back, and nothing to complain about', () => {
    const { last, at } = seenAt([20_000]);
    at(15_000);
    last.forget();
    expect(last.view()).toMatchObject({ kind: 'blind', failure: null });
  });
});
