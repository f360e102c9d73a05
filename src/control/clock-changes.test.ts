import { describe, expect, it } from 'vitest';
import { NOW, snapshotOf } from '../../test/support/snapshot.ts';
import { LAUNCHING_WORKS } from '../model/group-memory.ts';
import { adjustedRecords, afterClockChange, clockChanged } from './clock-changes.ts';

const DRAINING = {
  name: 'draining',
  since: NOW - 4_000,
  deadline: NOW + 26_000,
  cause: 'scaleIn',
  reversible: true,
} as const;
const records = snapshotOf([
  { id: 'a', state: { name: 'inService', since: NOW - 9_000 } },
  { id: 'b', state: DRAINING },
]);

describe('records', () => {
  it('move with the clock', () => {
    const [, drained] = afterClockChange(records, 7_200_000).instances;
    expect(drained?.state).toMatchObject({ since: NOW + 7_196_000, deadline: NOW + 7_226_000 });
  });

  it('are taken up as they are, but for a drain, which begins anew', () => {
    const { records: next, byMs } = adjustedRecords(records, NOW);
    expect(byMs).toBe(0);
    expect(next.memory).toBe(records.memory);
    expect(next.instances[0]).toBe(records.instances[0]);
    expect(next.instances[1]?.state).toEqual({ ...DRAINING, deadline: null });
  });

  it('that lie ahead of the clock are taken up as of now', () => {
    const { records: next, byMs } = adjustedRecords(records, NOW - 3_600_000);
    expect(byMs).toBeLessThan(-3_590_000);
    expect(Math.max(...next.instances.map(({ state }) => state.since))).toBeLessThanOrEqual(NOW - 3_600_000);
  });
});

it('the memory of a group without servers is taken up as of now, too', () => {
  const launch = { ...LAUNCHING_WORKS, failures: 2, notBefore: NOW + 10_000, suspended: null };
  const memory = { ...records.memory, savedAt: NOW, launch };
  const { records: next, byMs } = adjustedRecords({ memory, instances: [] }, NOW - 3_600_000);
  expect(byMs).toBe(-3_600_000);
  expect(next.memory.launch.notBefore).toBe(NOW - 3_590_000);
});

it.each([
  [-90_000, "This host's clock was set back by 1m30s: no timer is shortened or extended by that."],
  [
    7_200_000,
    "This host's clock was set forward by 2h, or the host slept for as long: no timer is shortened or extended by that.",
  ],
])('a clock that was set by %i ms is told', (byMs, message) => {
  expect(clockChanged('web', byMs, NOW)).toMatchObject({ reason: 'clockChanged', message });
});
