import { beforeEach, describe, expect, it } from 'vitest';
import { GROUP, NOW } from '../../test/support/snapshot.ts';
import { EMPTY_MEMORY, type GroupMemory } from '../model/group-memory.ts';
import type { Clock } from '../ports/clock.ts';
import type { Change } from '../ports/store.ts';
import { GroupLoop, type GroupSurroundings } from './group-loop.ts';
import { changeDesired, resumeLaunching, resumeProcesses, suspendProcesses } from './orders.ts';

const clock = { now: () => NOW, steadyMs: () => NOW, sleep: async () => {} } as Clock;
let committed: Change[];

beforeEach(() => {
  committed = [];
});

/** A loop that does not run: orders need its memory and its way to commit. */
function loopWith(memory: Partial<GroupMemory> = {}): GroupLoop {
  const store = { commit: async (change: Change) => void committed.push(change) };
  const around = { clock, store, onMembersChanged: () => {} } as unknown as GroupSurroundings;
  return new GroupLoop(GROUP, { memory: { ...EMPTY_MEMORY, desired: 3, ...memory }, instances: [] }, around);
}
const told = () =>
  committed.flatMap(({ activities }) => activities.map(({ reason, message }) => `${reason}: ${message}`));

describe('suspended processes', () => {
  it('are remembered and told, each by itself', async () => {
    const loop = loopWith();
    expect(await suspendProcesses(loop, ['terminate', 'launch'], clock)).toEqual(['launch', 'terminate']);
    expect(loop.memory.suspendedProcesses).toEqual(['launch', 'terminate']);
    expect(told()).toEqual([
      'processSuspended: Process launch was suspended by `drover suspend`: nothing is launched, whatever size the group should have. Resume with: drover resume web launch',
      'processSuspended: Process terminate was suspended by `drover suspend`: nothing is ended, neither because there are too many nor to be replaced. Resume with: drover resume web terminate',
    ]);
  });

  it('stay as they are when asked for twice, without a word', async () => {
    const loop = loopWith({ suspendedProcesses: ['launch'] });
    expect(await suspendProcesses(loop, ['launch'], clock)).toEqual(['launch']);
    expect(await resumeProcesses(loop, ['terminate'], clock)).toEqual(['launch']);
    expect(committed).toEqual([]);
  });

  it('go on when they are resumed, the others stay off', async () => {
    const loop = loopWith({ suspendedProcesses: ['launch', 'healthCheck'] });
    expect(await resumeProcesses(loop, ['launch', 'terminate'], clock)).toEqual(['healthCheck']);
    expect(loop.memory.suspendedProcesses).toEqual(['healthCheck']);
    expect(told()).toEqual(['processResumed: Process launch was resumed by `drover resume`.']);
  });

  it('are named to whom resumes launching without need', async () => {
    await expect(resumeLaunching(loopWith({ suspendedProcesses: ['launch'] }), clock)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('drover resume web launch'),
    });
  });
});

describe('the size that a person asks for', () => {
  const bounds = {
    minSize: 4,
    maxSize: 20,
    minSizeBy: null,
    maxSizeBy: null,
    fleetMinSize: GROUP.minSize,
    fleetMaxSize: GROUP.maxSize,
  };

  it('is within the bounds that a scheduled action has set', async () => {
    expect(await changeDesired(loopWith({ bounds }), 15, clock)).toEqual({ before: 3, after: 15 });
    await expect(changeDesired(loopWith({ bounds }), 2, clock)).rejects.toMatchObject({
      message: '2 is below the minimum 4 of group web.',
    });
  });

  it('breaks the bound of the action that has set it, also where a maximum is below the minimum', async () => {
    const lowered = { ...bounds, maxSize: 2, minSizeBy: 'opening', maxSizeBy: 'closing' };
    await expect(changeDesired(loopWith({ bounds: lowered }), 1, clock)).rejects.toMatchObject({
      message: '1 is below the minimum 2 of group web (set by scheduled action closing).',
    });
  });

  it('is within those of the fleet file once they have changed', async () => {
    const old = { ...bounds, fleetMaxSize: GROUP.maxSize + 1 };
    await expect(changeDesired(loopWith({ bounds: old }), 15, clock)).rejects.toMatchObject({ code: 'invalid' });
    expect(await changeDesired(loopWith({ bounds: old }), 2, clock)).toEqual({ before: 3, after: 2 });
  });
});
