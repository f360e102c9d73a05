import { describe, expect, it } from 'vitest';
import { combine } from './combine.ts';
import { NO_POLICY_MEMORY, type PolicyVerdict } from './policy.ts';

const verdict = (policy: string, wants: number | null, more: Partial<PolicyVerdict> = {}): PolicyVerdict => ({
  policy,
  type: 'targetTracking',
  wants,
  agreesToScaleIn: wants === null || wants < 5,
  sees: '',
  why: '',
  cappedBy: null,
  waitsUntil: null,
  memory: NO_POLICY_MEMORY,
  ...more,
});
const BOUNDS = { minSize: 2, maxSize: 10 };
const names = (verdicts: readonly PolicyVerdict[]) => verdicts.map(({ policy }) => policy);

describe('several policies at size 5', () => {
  it.each([
    ['no opinion', [verdict('a', null)], 5, [], null],
    ['the largest wins out', [verdict('a', 7), verdict('b', 9), verdict('c', 3)], 9, ['b'], null],
    ['the largest wins in', [verdict('a', 2), verdict('b', 3)], 3, ['b'], null],
    ['one does not agree', [verdict('a', 2), verdict('b', 5)], 5, [], null],
    ['one has no reading and holds', [verdict('a', 2), verdict('b', null, { agreesToScaleIn: false })], 5, [], null],
    ['one has no opinion', [verdict('a', 4), verdict('b', null)], 4, ['a'], null],
    [
      'a hold does not stop scaling out',
      [verdict('a', 8), verdict('b', null, { agreesToScaleIn: false })],
      8,
      ['a'],
      null,
    ],
    ['the maximum', [verdict('a', 50)], 10, ['a'], 'maxSize'],
    ['the minimum', [verdict('a', 0)], 2, ['a'], 'minSize'],
    ['a forecast alone does not scale in', [verdict('f', 3, { type: 'predictive' })], 5, [], null],
    ['a forecast scales out', [verdict('f', 7, { type: 'predictive' }), verdict('a', 3)], 7, ['f'], null],
    [
      'a forecast keeps the others from going below it',
      [verdict('f', 4, { type: 'predictive' }), verdict('a', 3)],
      4,
      ['a'],
      'forecast',
    ],
    ['two of the same mind', [verdict('b', 7), verdict('a', 7)], 7, ['a', 'b'], null],
  ] as const)('%s', (_, verdicts, size, decidedBy, cappedBy) => {
    const combined = combine(verdicts, 5, BOUNDS);
    expect({ ...combined, decidedBy: names(combined.decidedBy) }).toMatchObject({ size, decidedBy, cappedBy });
    expect(combine(verdicts.toReversed(), 5, BOUNDS)).toEqual(combined);
  });

  it('says who does not agree', () => {
    expect(names(combine([verdict('a', 2), verdict('b', 5)], 5, BOUNDS).blockedBy)).toEqual(['b']);
  });
});
