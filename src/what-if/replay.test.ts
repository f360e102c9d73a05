import { describe, expect, it } from 'vitest';
import { foreseeing, HOUR, MINUTE, MONDAY_8, tracking } from '../../test/support/policies.ts';
import { fleetWith, minutes } from '../../test/support/what-if.ts';
import { subjectOf } from './subject.ts';
import { whatIf } from './what-if.ts';

const CHOICE = { group: 'web', metric: null, valueIs: null };
const total = tracking({ name: 'track', metric: 'requests', valueIs: 'total', targetValue: 100 });

function play(group: Parameters<typeof fleetWith>[0], loads: readonly (number | null)[], more = {}) {
  const [run] = whatIf({
    fleets: [{ title: 'fleet.yaml', fleet: fleetWith(group) }],
    choice: CHOICE,
    recording: { readings: minutes(loads), before: [] },
    from: null,
    to: null,
    bootMs: 30_000,
    capacity: null,
    ...more,
  });
  if (run === undefined) throw new Error('no run');
  return run;
}

describe('a replay', () => {
  it('sees a value when its time is over, launches, and counts what was not served meanwhile', () => {
    const { points, summary } = play({ scalingPolicies: [total] }, [100, 400, 400, 400]);
    expect(points.map(({ desired, inService }) => [desired, inService])).toEqual([
      [1, 1],
      [1, 1],
      [4, 1],
      [4, 4],
    ]);
    // One minute until it is seen, and the boot.
    expect(summary).toMatchObject({ unserved: 300 * 90, longestOverloadMs: 90_000, scaleOuts: 1, scaleIns: 0 });
    expect(summary.demand).toBe(1_300 * 60);
    expect(summary.instanceHours).toBeCloseTo((2 * 60 + 2 * 60 * 4) / 3_600, 6);
  });

  it('ends what is too many, and pays for it until it has gone', () => {
    const { summary, points } = play({ scalingPolicies: [total] }, [400, ...Array(20).fill(100)]);
    expect(points.at(-1)).toMatchObject({ desired: 1, inService: 1 });
    expect(summary).toMatchObject({ minSize: 1, maxSize: 4, unserved: 0 });
    expect(summary.instanceHours).toBeGreaterThan((summary.meanSize * 21) / 60);
  });

  it('shows an average metric divided by the servers in service', () => {
    const average = tracking({ name: 'track', metric: 'requests', valueIs: 'average', targetValue: 100 });
    const sizes = (policy: typeof average) =>
      play({ scalingPolicies: [policy] }, [100, 400, 400, 400, 350, 300]).points.map(({ desired }) => desired);
    expect(sizes(average)).toEqual(sizes(total));
  });

  it('knows no load where none was recorded: that is neither served nor unserved, and holds the size', () => {
    const { points, summary } = play({ scalingPolicies: [total] }, [300, 300, ...Array(30).fill(null), 300]);
    expect(new Set(points.map(({ desired }) => desired))).toEqual(new Set([3]));
    expect(summary).toMatchObject({ missingMs: 30 * MINUTE, unserved: 0, demand: 900 * 60 });
  });

  it('keeps the bounds, and works without load balancers and without policies', () => {
    const limited = play({ scalingPolicies: [total], maxSize: 2, targetGroups: [] }, [100, 400, 400, 400]);
    expect(limited.summary.maxSize).toBe(2);
    const fixed = play({ scalingPolicies: [], desiredCapacity: 5 }, [100, 400], { capacity: 50 });
    expect(fixed.summary).toMatchObject({ minSize: 5, maxSize: 5, scaleOuts: 0, unserved: 150 * 60 });
  });

  it('forecasts from what was before, and is ahead of the hour', () => {
    const day = (hour: number) => (hour % 24 >= 9 && hour % 24 < 17 ? 1_000 : 100);
    const loads = Array.from({ length: 5 * 24 * 60 }, (_, minute) => day(8 + Math.floor(minute / 60)));
    const range = { from: MONDAY_8 + 4 * 24 * HOUR, to: MONDAY_8 + 4 * 24 * HOUR + 2 * HOUR };
    const with_ = play({ scalingPolicies: [total, foreseeing()], maxSize: 20 }, loads, range);
    const without = play({ scalingPolicies: [total], maxSize: 20 }, loads, range);
    expect(with_.summary.unserved).toBe(0);
    expect(without.summary.unserved).toBeGreaterThan(0);
  });

  it('is the same every time', () => {
    const loads = Array.from({ length: 300 }, (_, minute) => 300 + 200 * Math.sin(minute / 20));
    expect(play({ scalingPolicies: [total] }, loads)).toEqual(play({ scalingPolicies: [total] }, loads));
  });
});

describe('the group that is replayed', () => {
  it('is named, with what is left out', () => {
    const cpu = tracking({ name: 'cpu', metric: 'cpu' });
    const fleet = fleetWith({ scalingPolicies: [total, cpu], desiredCapacityFile: '/srv/desired' });
    expect(() => subjectOf(fleet, { ...CHOICE, group: 'shop' })).toThrow('it has: web');
    expect(() => subjectOf(fleet, CHOICE)).toThrow('follow requests, cpu: say with --metric');
    expect(() => subjectOf(fleet, { ...CHOICE, metric: 'none' })).toThrow('no metric none');
    const subject = subjectOf(fleet, { ...CHOICE, metric: 'requests' });
    expect(subject.group.scalingPolicies).toEqual([total]);
    expect(subject.notes).toEqual([
      'Policy cpu is left out: it follows cpu, which is not replayed.',
      'The desired capacity file is left out.',
    ]);
    expect(subject).toMatchObject({ valueIs: 'total', targetValue: 100 });
    expect(subjectOf(fleet, { ...CHOICE, metric: 'cpu' })).toMatchObject({ valueIs: 'average' });
  });
});
