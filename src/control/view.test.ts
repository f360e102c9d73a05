import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/simulation/world/virtual-clock.ts';
import { PortError } from '../ports/errors.ts';
import { Stopwatch } from './stopwatch.ts';
import { LastSeen } from './view.ts';

function seen() {
  const clock = new VirtualClock(0);
  const last = new LastSeen<string>(clock, 10_000);
  last.saw('it', new Stopwatch(clock));
  const pass = async (ms: number) => {
    clock.plan(ms, () => {});
    await clock.advance();
  };
  return { clock, last, pass };
}

describe('what was seen last', () => {
  it('is relied upon while it is young, though a newer observation has failed', async () => {
    const { last, pass } = seen();
    await pass(10_000);
    last.failed(new PortError('Transient', 'deadline', 'no answer'));
    expect(last.view()).toEqual({ kind: 'seen', value: 'it' });
    await pass(1);
    expect(last.view()).toMatchObject({ kind: 'blind', since: 0, failure: { message: 'no answer' } });
  });

  it('is not relied upon when no observation has come back for long', async () => {
    const { last, pass } = seen();
    await pass(11_000);
    expect(last.view()).toMatchObject({ kind: 'blind', failure: { code: 'late' } });
  });

  it('grows no younger when the clock is set back', async () => {
    const { clock, last, pass } = seen();
    clock.jump(-60_000);
    await pass(10_001);
    expect(last.view()).toMatchObject({ kind: 'blind', since: -60_000 });
  });

  it('is too old when the host may have slept', () => {
    const { clock, last } = seen();
    clock.jump(60_000);
    expect(last.view()).toMatchObject({ kind: 'blind', since: 0 });
  });
});
