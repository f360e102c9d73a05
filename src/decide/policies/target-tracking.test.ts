import { describe, expect, it } from 'vitest';
import {
  contextOf,
  FREELY,
  MINUTE,
  MONDAY_8,
  missing,
  type Situation,
  tracking,
  value,
} from '../../../test/support/policies.ts';
import type { TargetTrackingPolicy } from '../../model/scaling-policy.ts';
import { evaluate } from './evaluate.ts';
import { GAP_MS } from './missing.ts';

const AT_ONCE = { scaleIn: FREELY };
const verdict = (policy: Partial<TargetTrackingPolicy>, number: number, situation: Situation = {}) =>
  evaluate(tracking(policy), contextOf(value(number, situation.now), situation));

describe('the size', () => {
  it.each([
    // An average over 4 servers, 50 is the target.
    ['rounds up when adding', {}, 60, 4, 5],
    ['rounds up when adding', {}, 101, 4, 9],
    ['rounds the removed ones down', AT_ONCE, 30, 4, 3],
    ['rounds the removed ones down', AT_ONCE, 13, 4, 2],
    ['stays within the tolerance', AT_ONCE, 55, 4, 4],
    ['stays within the tolerance', AT_ONCE, 45, 4, 4],
    ['leaves the tolerance', AT_ONCE, 55.1, 4, 5],
    ['is exact where the quotient is', { ...AT_ONCE, targetValue: 0.1, tolerance: 0 }, 0.3, 3, 9],
    ['keeps the last server of an average', AT_ONCE, 0, 4, 1],
    ['is not led astray by negative values', AT_ONCE, -5, 4, 1],
    // A total; 50 is what one can take.
    ['of a total', { valueIs: 'total' }, 401, 4, 9],
    ['of a total', { ...AT_ONCE, valueIs: 'total' }, 90, 4, 2],
    ['of a total goes to zero at a true 0', { ...AT_ONCE, valueIs: 'total' }, 0, 4, 0],
    ['of a total comes from zero', { valueIs: 'total' }, 1, 0, 1],
    ['of a total stays at zero', { valueIs: 'total' }, 0, 0, 0],
  ] as const)('%s (%o, metric %d, size %d): %d', (_, policy, number, desired, wants) => {
    const settled = { recommendations: [{ at: MONDAY_8 - MINUTE, size: desired }] };
    expect(verdict(policy, number, { desired, memory: settled })).toMatchObject({ wants });
  });

  it('of an average at size 0 is no opinion: there are no servers to measure', () => {
    const atZero = evaluate(tracking({ whenMissing: 'maxSize' }), contextOf(missing(), { desired: 0 }));
    expect(atZero).toMatchObject({ wants: null, agreesToScaleIn: true });
    expect(atZero.why).toMatch(/no servers to measure: a minimum, a schedule or another policy/);
  });
});

describe('servers that warm up', () => {
  it('are left out of the metric and counted in the size', () => {
    // 4 at 90 need 8, and 4 of those are on their way.
    expect(verdict({}, 90, { desired: 8, warm: 4, warming: 4 })).toMatchObject({ wants: 8 });
    expect(verdict({}, 120, { desired: 8, warm: 4, warming: 4 })).toMatchObject({ wants: 10 });
  });

  it('hold scaling in back', () => {
    const held = verdict(AT_ONCE, 20, { desired: 8, warming: 1 });
    expect(held).toMatchObject({ wants: 8, agreesToScaleIn: false, cappedBy: 'warmup' });
  });

  it('say nothing while none is warm', () => {
    const none = verdict(AT_ONCE, 0, { desired: 2, warming: 2 });
    expect(none).toMatchObject({ wants: null, agreesToScaleIn: false, cappedBy: 'warmup' });
  });
});

describe('windows', () => {
  const scaleIn = { windowMs: 5 * MINUTE, cooldownMs: 0, maxChange: null };

  it('scale in to the largest of the window, which begins with the size as it was', () => {
    const first = verdict({ scaleIn }, 10);
    expect(first).toMatchObject({ wants: 4, cappedBy: 'scaleInWindow', waitsUntil: MONDAY_8 + 5 * MINUTE });
    const almost = verdict({ scaleIn }, 10, { now: MONDAY_8 + 5 * MINUTE - 1, memory: first.memory });
    expect(almost).toMatchObject({ wants: 4 });
    const over = verdict({ scaleIn }, 10, { now: MONDAY_8 + 5 * MINUTE, memory: first.memory });
    expect(over).toMatchObject({ wants: 1, agreesToScaleIn: true });
  });

  it('a recommendation that stays the same is remembered once', () => {
    const first = verdict({ scaleIn }, 10);
    const again = verdict({ scaleIn }, 10, { now: MONDAY_8 + MINUTE, memory: first.memory });
    expect(again.memory.recommendations).toEqual(first.memory.recommendations);
  });

  it('scale out to the smallest of the window', () => {
    const scaleOut = { windowMs: MINUTE, cooldownMs: 0, maxChange: null };
    const first = verdict({ scaleOut }, 100);
    expect(first).toMatchObject({ wants: 4, cappedBy: 'scaleOutWindow' });
    const second = verdict({ scaleOut }, 70, { now: MONDAY_8 + MINUTE / 2, memory: first.memory });
    expect(verdict({ scaleOut }, 100, { now: MONDAY_8 + MINUTE, memory: second.memory })).toMatchObject({ wants: 6 });
  });

  it('begin anew after a gap, but not after a reading that failed', () => {
    const gapOf = (ms: number) => {
      const before = verdict({ scaleIn }, 10);
      const from = MONDAY_8 + 5 * MINUTE - ms;
      const gap = evaluate(tracking({ scaleIn }), contextOf(missing(), { now: from, memory: before.memory }));
      return verdict({ scaleIn }, 10, { now: from + ms, memory: gap.memory });
    };
    expect(gapOf(GAP_MS - 1)).toMatchObject({ wants: 1 });
    expect(gapOf(GAP_MS)).toMatchObject({ wants: 4, cappedBy: 'scaleInWindow' });
  });
});

describe('cooldowns and speed limits', () => {
  it('hold each direction back by its own', () => {
    const cooldownMs = 3 * MINUTE;
    const policy = { scaleOut: { ...FREELY, cooldownMs }, scaleIn: FREELY };
    const memory = { lastScaleOutAt: MONDAY_8 - MINUTE, recommendations: [{ at: 0, size: 4 }] };
    expect(verdict(policy, 90, { memory })).toMatchObject({
      wants: 4,
      cappedBy: 'cooldown',
      waitsUntil: MONDAY_8 + 2 * MINUTE,
    });
    expect(verdict(policy, 10, { memory })).toMatchObject({ wants: 1 });
  });

  it.each([
    ['servers', { instances: 2, percent: null }, [], 6],
    ['percent of the size at the beginning', { instances: null, percent: 50 }, [], 6],
    ['the larger of both', { instances: 1, percent: 75 }, [], 7],
    ['at least one', { instances: null, percent: 1 }, [], 5],
    ['what has changed already', { instances: 3, percent: null }, [{ at: MONDAY_8 - 1, by: 2 }], 5],
    ['not what changed the other way', { instances: 3, percent: null }, [{ at: MONDAY_8 - 1, by: -2 }], 7],
    ['not what is longer ago', { instances: 3, percent: null }, [{ at: MONDAY_8 - MINUTE, by: 2 }], 7],
  ])('limit the change: %s', (_, limit, changes, wants) => {
    const scaleOut = { ...FREELY, maxChange: { ...limit, periodMs: MINUTE } };
    expect(verdict({ scaleOut }, 500, { memory: { changes } })).toMatchObject({ wants, cappedBy: 'maxChange' });
  });
});

it('takes none away twice for one reading', () => {
  const memory = { lastScaleInAt: MONDAY_8, recommendations: [{ at: 0, size: 1 }] };
  expect(verdict(AT_ONCE, 10, { memory })).toMatchObject({ wants: 4, cappedBy: 'olderReading' });
});

it('disableScaleIn leaves scaling in to the others', () => {
  const quiet = verdict({ ...AT_ONCE, disableScaleIn: true }, 10);
  expect(quiet).toMatchObject({ wants: null, agreesToScaleIn: true, cappedBy: 'disableScaleIn' });
});

describe('without a reading', () => {
  const at = (whenMissing: TargetTrackingPolicy['whenMissing'], agoMs: number) =>
    evaluate(
      tracking({ whenMissing }),
      contextOf(missing(), { maxSize: 9, memory: { missingSince: MONDAY_8 - agoMs } }),
    );

  it('hold: no opinion, and no consent to scaling in', () => {
    expect(at('hold', 0)).toMatchObject({ wants: null, agreesToScaleIn: false, sees: 'missing: no answer' });
  });

  it('ignore: no opinion, and in nobody’s way', () => {
    expect(at('ignore', 0)).toMatchObject({ wants: null, agreesToScaleIn: true });
  });

  it('maxSize: goes to the maximum, once it has lasted', () => {
    expect(at('maxSize', GAP_MS - 1)).toMatchObject({ wants: null, agreesToScaleIn: false, waitsUntil: MONDAY_8 + 1 });
    expect(at('maxSize', GAP_MS)).toMatchObject({ wants: 9 });
  });

  it('not read yet is no reason for anything', () => {
    const start = evaluate(tracking({ whenMissing: 'maxSize' }), contextOf(null));
    expect(start).toMatchObject({ wants: null, agreesToScaleIn: false });
  });
});
