import { describe, expect, it } from 'vitest';
import { renderStatus } from '../../../src/cli/live/frame.ts';
import { renderChanges, renderPlan } from '../../../src/cli/render/changes.ts';
import { terminalLook, uncutLook } from '../../../src/cli/terminal.ts';
import { balancersInTrouble, olderTemplates } from '../../../src/control/explanation.ts';
import { InstanceCounts } from '../../../src/control/instance-counts.ts';
import { fleetStatus, type StatusSources } from '../../../src/control/status.ts';
import { decideCommand } from '../../../src/decide/commands.ts';
import { DEFAULT_HISTORY } from '../../../src/model/fleet.ts';
import { EMPTY_MEMORY } from '../../../src/model/group-memory.ts';
import type { Instance } from '../../../src/model/instance.ts';
import { settingsWarnings } from '../../../src/providers/process/warnings.ts';
import { FakeFleetService } from '../../support/fake-service.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { GROUP, NOW, recordsOf, snapshotOf } from '../../support/snapshot.ts';

it('a plan says how many servers run an older launch template', () => {
  const { instances } = snapshotOf([{ id: 'a', template: 'v0' }, { id: 'b' }]);
  const notes = olderTemplates({ group: GROUP, instances });
  const look = { ...terminalLook(fakeTerminal(), 'drover'), color: false };
  const groups = [{ group: 'web', activities: [], holds: [], notes }];
  const text = renderPlan({ at: NOW, fleetChanges: [], loadBalancers: [], groups }, look);
  expect(text).toContain('1 of 2 servers runs an older launch template');
  expect(text).not.toContain('Nothing to do');
});

describe('a status', () => {
  const { instances } = snapshotOf([{ id: 'a', template: 'v0' }, { id: 'b' }]);
  const nothingSeen = { memory: EMPTY_MEMORY, holds: [], verdicts: [], machines: new Map() };
  const statusOf = (more: Partial<StatusSources>) =>
    fleetStatus({
      at: NOW,
      startedAt: NOW,
      fleet: {
        name: 'shop',
        providers: [],
        loadBalancers: [],
        targetGroups: [],
        autoScalingGroups: [],
        notifications: [],
        history: DEFAULT_HISTORY,
      },
      mode: 'up',
      about: { version: '0.1.0', pid: 42, fleetFile: null, dataDir: '/srv/.drover' },
      fleetVersion: 1,
      failed: [],
      defects: 0,
      groups: [],
      balancers: new Map(),
      ...more,
    });
  const look = { ...terminalLook(fakeTerminal(), 'drover --data shop'), color: false, columns: 200 };

  it('says under a group how many of its servers run an older launch template', () => {
    const shown = (some: readonly Instance[]) => ({
      ...nothingSeen,
      group: GROUP,
      instances: some,
      counts: new InstanceCounts(some),
    });
    const status = statusOf({ groups: [shown(instances)] });
    expect(status.groups[0]?.notes).toEqual([expect.stringContaining('1 of 2 servers runs an older launch template')]);
    expect(renderStatus(status, look)).toContain('use `drover --data shop drain <instance>`');
    const same = statusOf({ groups: [shown(instances.slice(1))] });
    expect(renderStatus(same, look)).not.toContain('launch template');
  });

  it('says what is tried again and why, and how many programming errors were met', () => {
    const step = { kind: 'terminateLoadBalancer', name: 'old' } as const;
    const failed = [{ step, message: 'it does not answer', tries: 3, retryAt: NOW + 5_000 }];
    const text = renderStatus(statusOf({ failed, defects: 3 }), look);
    expect(text).toContain('Terminating load balancer old is tried again: it does not answer');
    expect(text).toContain('3 programming errors in Drover itself since its start');
    expect(renderStatus(statusOf({}), look)).not.toMatch(/tried again|programming error/);
  });
});

it('a plan says of which load balancer a change is refused, and not that everything is as desired', () => {
  const trouble = 'port 5003 is held by python3, pid 42';
  const loadBalancers = balancersInTrouble(
    new Map([
      ['front', { trouble }],
      ['back', { trouble: '' }],
    ]),
  );
  const groups = [{ group: 'web', activities: [], holds: [], notes: [] }];
  const look = { ...terminalLook(fakeTerminal(), 'drover'), color: false };
  const text = renderPlan({ at: NOW, fleetChanges: [], loadBalancers, groups }, look);
  expect(text).toContain(`load balancer front: ${trouble}`);
  expect(text).not.toContain('back');
  expect(text).not.toContain('everything is as desired');
});

it('a status says the whole of why a load balancer could not be changed', () => {
  const status = new FakeFleetService({ now: () => NOW }).status();
  const detail = `Load balancer front cannot listen on 127.0.0.1:5003: ${'it is held '.repeat(6)}by python3, pid 42`;
  const loadBalancers = status.loadBalancers.map((each) => ({ ...each, detail }));
  const look = { ...terminalLook(fakeTerminal(), 'drover'), color: false, columns: 80 };
  expect(renderStatus({ ...status, loadBalancers }, look)).toContain('by python3');
});

it('a table of changes is whole where its reader is a program', () => {
  const effect = 'x'.repeat(400);
  const lines = renderChanges(
    [{ kind: 'create', path: 'a', before: null, after: 'b', effect }],
    uncutLook(fakeTerminal(), 'drover'),
  );
  expect(lines.join('\n')).toContain(effect);
});

describe('a size that a group cannot have', () => {
  const bounds = {
    minSize: 3,
    maxSize: 9,
    minSizeBy: 'soon',
    maxSizeBy: null,
    fleetMinSize: GROUP.minSize,
    fleetMaxSize: GROUP.maxSize,
  };

  it.each([
    [2, '2 is below the minimum 3 of group web (set by scheduled action soon).'],
    [10, '10 is above the maximum 9 of group web.'],
    [4.5, '4.5 is not a whole number.'],
  ])('%d is refused by the bound that it breaks', (desired, message) => {
    const command = { kind: 'setDesiredCapacity', desired } as const;
    const refusal = { kind: 'refusal', code: 'invalid', message };
    expect(decideCommand(recordsOf([], { memory: { bounds } }), command, NOW)).toEqual(refusal);
  });
});

const USE = { maxSize: 10, listeners: [] };
const settings = (command: string[], workingDirectory = '/') => ({
  command,
  workingDirectory,
  environment: {},
  portRange: { from: 20_000, to: 29_999 },
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 0,
  maxLogSizeBytes: 10_000_000,
});

describe('fewer ports than the group may have servers', () => {
  const warnings = (to: number) => settingsWarnings({ ...settings(['sh']), portRange: { from: 20_000, to } }, USE);

  it('are a warning that says how many, and what happens', async () => {
    expect(await warnings(20_004)).toEqual([
      {
        path: ['portRange'],
        message:
          'it has 5 ports and the group may have 10 servers: when all ports are taken, further launches wait until one is free; widen it, or lower maxSize',
      },
    ]);
    expect((await warnings(20_000))[0]?.message).toContain('it has 1 port and');
  });

  it('as many are none', async () => {
    expect(await warnings(20_009)).toEqual([]);
  });
});

describe('a command that this host does not have', () => {
  it.each([
    [['/nowhere/shop'], '/nowhere/shop was not found from /'],
    [['no-such-program-anywhere'], 'no-such-program-anywhere was not found in PATH'],
  ])('%j is a warning', async (command, message) => {
    const [warning] = await settingsWarnings(settings(command), USE);
    expect(warning).toEqual({ path: ['command'], message: expect.stringContaining(message) });
  });

  it('is none where it is there, and a missing folder is one', async () => {
    expect(await settingsWarnings(settings(['sh']), USE)).toEqual([]);
    const [warning] = await settingsWarnings(settings(['sh'], '/nowhere'), USE);
    expect(warning).toEqual({
      path: ['workingDirectory'],
      message: expect.stringContaining('/nowhere does not exist'),
    });
  });
});
