import fc from 'fast-check';
import { expect, it } from 'vitest';
import { snapshotOf } from '../../test/support/snapshot.ts';
import { EMPTY_MEMORY, LAUNCHING_WORKS } from '../model/group-memory.ts';
import { newestTime, shiftInstance, shiftMemory } from './shift.ts';

const record = (state: Parameters<typeof snapshotOf>[0][number]['state']) => {
  const [instance] = snapshotOf([
    { id: 'a', ...(state === undefined ? {} : { state }), request: { kind: 'drain', at: 1_000_000 } },
  ]).instances;
  if (instance === undefined) throw new Error('one server');
  return instance;
};

const states = [
  { name: 'launching', since: 5_000_000, retryAt: 5_009_000 },
  { name: 'booting', since: 5_000_000 },
  { name: 'inService', since: 5_000_000 },
  { name: 'draining', since: 5_000_000, deadline: 5_060_000, cause: 'scaleIn', reversible: true },
  { name: 'terminating', since: 5_000_000, cause: 'scaleIn', retryAt: null, commandEnded: false },
] as const;

it.each(states)('every time of a record that is $name moves alike', (state) => {
  fc.assert(
    fc.property(fc.integer({ min: -10_000_000, max: 10_000_000 }), (byMs) => {
      const before = record(state);
      const after = shiftInstance(before, byMs);
      expect(after.state.since).toBe(before.state.since + byMs);
      expect(newestTime(EMPTY_MEMORY, [after])).toBe((newestTime(EMPTY_MEMORY, [before]) ?? 0) + byMs);
      expect(shiftInstance(after, -byMs)).toEqual(before);
    }),
  );
});

it('every time of a memory moves alike', () => {
  const { memory } = snapshotOf([], {
    memory: {
      launch: { ...LAUNCHING_WORKS, failures: 1, notBefore: 9_000, suspended: { since: 1_000, why: 'x' } },
      unhealthyAt: { u: 2_000 },
      seenAgainAt: 3_000,
      orphans: [{ instanceId: 'o', firstSeenAt: 4_000 }],
    },
  });
  const moved = shiftMemory(memory, -1_000);
  expect(moved).toMatchObject({
    launch: { notBefore: 8_000, suspended: { since: 0 } },
    unhealthyAt: { u: 1_000 },
    seenAgainAt: 2_000,
    orphans: [{ firstSeenAt: 3_000 }],
  });
  expect(shiftMemory(moved, 1_000)).toEqual(memory);
});

it('what falls due by the calendar moves back only', () => {
  const { memory } = snapshotOf([], { memory: { scheduled: new Map([['nightly', 5_000]]) } });
  expect(shiftMemory(memory, -1_000).scheduled).toEqual(new Map([['nightly', 4_000]]));
  expect(shiftMemory(memory, 1_000).scheduled).toEqual(new Map([['nightly', 5_000]]));
});
