import { describe, expect, it } from 'vitest';
import { healthy } from '../../test/support/decisions.ts';
import { GROUP, NOW, recordsOf, type Server } from '../../test/support/snapshot.ts';
import { LAUNCHING_WORKS } from '../model/group-memory.ts';
import { type Command, type CommandDecision, decideCommand, type Refusal } from './commands.ts';
import type { CommandRecords } from './snapshot.ts';

const bounds = {
  minSize: 4,
  maxSize: 20,
  minSizeBy: null,
  maxSizeBy: null,
  fleetMinSize: GROUP.minSize,
  fleetMaxSize: GROUP.maxSize,
};
const lowered = { ...bounds, maxSize: 2, minSizeBy: 'opening', maxSizeBy: 'closing' };
const outdated = { ...bounds, fleetMaxSize: GROUP.maxSize + 1 };
const failing = { ...LAUNCHING_WORKS, failures: 4, notBefore: NOW + 60_000, why: 'No such file.', template: 'v1' };
const waiting: Server = {
  id: 'x',
  unlaunched: true,
  state: { name: 'launching', since: NOW - 1_000, retryAt: NOW + 9_000 },
};
const draining: Server = {
  id: 'x',
  state: { name: 'draining', since: NOW, deadline: null, cause: 'scaleIn', reversible: true },
};
const terminating: Server = {
  id: 'x',
  state: { name: 'terminating', since: NOW, cause: 'scaleIn', retryAt: null, commandEnded: false },
};

const size = (desired: number): Command => ({ kind: 'setDesiredCapacity', desired });
const drain = (instanceId: string, force = false): Command => ({ kind: 'drain', instanceId, force });
const terminate = (instanceId: string, force = false): Command => ({ kind: 'terminate', instanceId, force });
const resume: Command = { kind: 'resumeLaunch' };

const messages = (decision: CommandDecision) =>
  decision.kind === 'change' ? decision.activities.map(({ reason, message }) => `${reason}: ${message}`) : [];

describe('a command that can be obeyed', () => {
  it.each<readonly [string, CommandRecords, Command, Partial<CommandDecision>]>([
    ['another size', recordsOf([]), size(5), { memory: expect.objectContaining({ desired: 5 }), instances: [] }],
    [
      'the first size of all, which the fleet file does not take back',
      recordsOf([], { memory: { desired: null, fleetDesired: null } }),
      size(5),
      { memory: expect.objectContaining({ desired: 5, fleetDesired: GROUP.desiredCapacity }) },
    ],
    [
      'a size within the bounds that a scheduled action has set',
      recordsOf([], { memory: { bounds } }),
      size(15),
      { memory: expect.objectContaining({ desired: 15 }) },
    ],
    [
      'a size within those of the fleet file, once they have changed',
      recordsOf([], { memory: { bounds: outdated } }),
      size(2),
      { memory: expect.objectContaining({ desired: 2 }) },
    ],
    [
      'a drain',
      recordsOf(healthy('x', 'y')),
      drain('x'),
      { memory: null, instances: [expect.objectContaining({ id: 'x', request: { kind: 'drain', at: NOW } })] },
    ],
    [
      'an end',
      recordsOf(healthy('x', 'y')),
      terminate('x'),
      { memory: null, instances: [expect.objectContaining({ id: 'x', request: { kind: 'terminate', at: NOW } })] },
    ],
    [
      'an end of what is drained already',
      recordsOf([draining]),
      terminate('x'),
      { instances: [expect.objectContaining({ id: 'x', request: { kind: 'terminate', at: NOW } })] },
    ],
    [
      'launching anew after failures',
      recordsOf([waiting], { memory: { launch: failing } }),
      resume,
      {
        memory: expect.objectContaining({ launch: LAUNCHING_WORKS }),
        instances: [expect.objectContaining({ state: { name: 'launching', since: NOW - 1_000, retryAt: null } })],
      },
    ],
    ['a launch at once that waits alone', recordsOf([waiting]), resume, { instances: [expect.anything()] }],
    [
      'a process that is suspended, beside those that are',
      recordsOf([], { memory: { suspendedProcesses: ['terminate'] } }),
      { kind: 'suspendProcesses', processes: ['launch'] },
      { memory: expect.objectContaining({ suspendedProcesses: ['launch', 'terminate'] }), instances: [] },
    ],
    [
      'a process that is resumed, while the others stay off',
      recordsOf([], { memory: { suspendedProcesses: ['launch', 'healthCheck'] } }),
      { kind: 'resumeProcesses', processes: ['launch', 'terminate'] },
      { memory: expect.objectContaining({ suspendedProcesses: ['healthCheck'] }) },
    ],
    [
      'nothing where a process is suspended already',
      recordsOf([], { memory: { suspendedProcesses: ['launch'] } }),
      { kind: 'suspendProcesses', processes: ['launch'] },
      { memory: null, instances: [], activities: [] },
    ],
    [
      'nothing where a process is not suspended',
      recordsOf([]),
      { kind: 'resumeProcesses', processes: ['launch'] },
      { memory: null, instances: [], activities: [] },
    ],
  ])('changes the records: %s', (_, records, command, change) => {
    expect(decideCommand(records, command, NOW)).toMatchObject({ kind: 'change', ...change });
  });

  it.each<readonly [CommandRecords, Command, readonly string[]]>([
    [recordsOf([]), size(5), ['desiredCapacityChanged: Desired capacity changed from 3 to 5 by `drover set-desired`.']],
    [recordsOf([]), size(3), []],
    [recordsOf(healthy('x', 'y')), drain('x'), []],
    [recordsOf([waiting]), resume, ['launchResumed: Launching starts anew, by `drover resume`.']],
    [
      recordsOf([]),
      { kind: 'suspendProcesses', processes: ['terminate', 'launch'] },
      [
        'processSuspended: Process launch was suspended by `drover suspend`: nothing is launched, whatever size the group should have. Resume with `drover resume web launch`.',
        'processSuspended: Process terminate was suspended by `drover suspend`: nothing is terminated, neither to scale in nor to replace. Resume with `drover resume web terminate`.',
      ],
    ],
    [
      recordsOf([], { memory: { suspendedProcesses: ['launch', 'terminate'] } }),
      { kind: 'resumeProcesses', processes: ['launch'] },
      ['processResumed: Process launch was resumed by `drover resume`.'],
    ],
  ])('is reported by what it changes (%#)', (records, command, told) => {
    expect(messages(decideCommand(records, command, NOW))).toEqual(told);
  });

  it('says how many servers there were and are', () => {
    const records = recordsOf([...healthy('x', 'y'), waiting]);
    const decision = decideCommand(records, size(5), NOW);
    expect(decision).toMatchObject({
      activities: [{ before: { desired: 3, inService: 2, total: 3 }, after: { desired: 5, inService: 2, total: 3 } }],
    });
  });
});

describe('a command that cannot be obeyed', () => {
  it.each<readonly [CommandRecords, Command, Refusal['code'], string]>([
    [recordsOf([]), size(-1), 'invalid', '-1 is below the minimum 0 of group web.'],
    [recordsOf([]), size(11), 'invalid', '11 is above the maximum 10 of group web.'],
    [recordsOf([]), size(4.5), 'invalid', '4.5 is not a whole number.'],
    [recordsOf([], { memory: { bounds } }), size(2), 'invalid', '2 is below the minimum 4 of group web.'],
    [
      recordsOf([], { memory: { bounds: lowered } }),
      size(1),
      'invalid',
      '1 is below the minimum 2 of group web (set by scheduled action closing).',
    ],
    [recordsOf([], { memory: { bounds: outdated } }), size(15), 'invalid', '15 is above the maximum 10 of group web.'],
    [recordsOf([]), drain('x'), 'notFound', 'Instance x has just been terminated.'],
    [recordsOf([draining]), drain('x', true), 'conflict', 'Instance x is already being terminated.'],
    [recordsOf([terminating]), drain('x', true), 'conflict', 'Instance x is already being terminated.'],
    [recordsOf([terminating]), terminate('x', true), 'conflict', 'Instance x is already being terminated.'],
    [recordsOf([]), resume, 'conflict', 'Group web is not waiting to launch.'],
    [
      recordsOf([], { memory: { suspendedProcesses: ['launch'] } }),
      resume,
      'conflict',
      'Group web is not waiting to launch. Suspended processes go on with `drover resume web launch`.',
    ],
  ])('is refused with what is wrong (%#)', (records, command, code, message) => {
    expect(decideCommand(records, command, NOW)).toEqual({ kind: 'refusal', code, message });
  });
});
