import { describe, expect, it } from 'vitest';
import { lived, simulated } from '../../support/scenarios.ts';

/** When the first launch is decided after the start, in seconds of the story. */
async function firstLaunch(group: Parameters<typeof simulated>[0]): Promise<number> {
  const { lines, violations } = await lived(simulated(group));
  expect(violations).toEqual([]);
  const line = lines.find((one) => one.includes(' launch: ')) ?? 'no launch';
  const [, minutes = 'NaN', seconds = 'NaN'] = /^(\d+):([\d.]+) /.exec(line) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

/** The invariant `eventsAnnounce` of the simulation asks for the same of everything else that a check without an event might find. */
describe('a check never finds anything to do that no event has announced', () => {
  it.each([
    ['behind a load balancer', {}],
    ['behind none', { targetGroups: [] }],
    ['with a desired capacity file', { desiredCapacityFile: '/simulated/web.desired' }],
  ])('the first launch of a group %s does not wait for it', async (_, group) => {
    // Lists of the simulated provider lag 5 s behind, and there are no records.
    expect(await firstLaunch({ desiredCapacity: 1, ...group })).toBeLessThan(6.5);
  });
});
