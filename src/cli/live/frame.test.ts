import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { FakeFleetService } from '../../../test/support/fake-service.ts';
import type { Activity } from '../../model/activity.ts';
import type { FleetStatus, GroupStatus, PolicyExplanation } from '../../views/status.ts';
import type { Look } from '../render/look.ts';
import { widthOf } from '../render/text.ts';
import { type Frame, renderFrame, renderStatus } from './frame.ts';
import { demoHints } from './hints.ts';

vi.stubEnv('TZ', 'UTC');
const START = Date.UTC(2026, 10, 23, 15, 44);

/** A fleet of three in which one was killed, seen in the middle of its replacement. */
async function healing(): Promise<Frame> {
  return play(async (service, pass) => {
    pass(700, 2_300, 5_000);
    service.kill(service.status().groups[0]?.instances[1]?.id ?? '');
    pass(400, 700);
  });
}

async function play(story: (service: FakeFleetService, pass: (...ms: number[]) => void) => Promise<void>, desired = 3) {
  let now = START;
  const service = new FakeFleetService({ now: () => now, desired, maxSize: Math.max(10, desired) });
  const pass = (...times: number[]) => {
    for (const ms of [0, ...times]) {
      now += ms;
      service.status();
    }
  };
  await story(service, pass);
  const status = service.status();
  const hints = demoHints(status, '/srv', 'bin/drover --data hello/.drover');
  return { status, activities: await service.activities({ limit: 100 }), hints, notice: null };
}

const look = (frame: Frame, columns: number, rows: number, more: Partial<Look> = {}): Look => ({
  columns,
  rows,
  color: false,
  unicode: true,
  now: frame.status.at,
  program: 'drover',
  ...more,
});
const golden = (name: string) => `../../../test/golden/live/${name}.txt`;

const POLICY: PolicyExplanation = {
  policy: 'requests',
  type: 'targetTracking',
  metric: 'requests',
  sees: '130',
  wants: 5,
  agreesToScaleIn: false,
  why: '130 is 1.3 times the target of 100, so 3 servers should be 4, and this sentence is longer than a line of the live view.',
  cappedBy: null,
  waitsUntil: null,
};

describe('the live view', () => {
  it.each([
    [80, 24],
    [100, 30],
    [140, 40],
  ])('of a fleet that heals, at %i columns and %i rows', async (columns, rows) => {
    const frame = await healing();
    await expect(`${renderFrame(frame, look(frame, columns, rows))}\n`).toMatchFileSnapshot(
      golden(`healing-${columns}`),
    );
  });

  it('on a small terminal', async () => {
    const frame = await healing();
    await expect(`${renderFrame(frame, look(frame, 80, 14))}\n`).toMatchFileSnapshot(golden('small'));
  });

  it('in ASCII', async () => {
    const frame = await healing();
    const ascii = renderFrame(frame, look(frame, 80, 24, { unicode: false }));
    expect(ascii).toMatch(/^[\x20-\x7e\n]*$/);
    await expect(`${ascii}\n`).toMatchFileSnapshot(golden('ascii'));
  });

  it('in colour', async () => {
    const frame = await healing();
    const colored = renderFrame(frame, look(frame, 100, 24, { color: true }));
    await expect(`${colored.replaceAll('\u001B', '␛')}\n`).toMatchFileSnapshot(golden('color'));
  });

  it('of many servers shows first those that need attention, and says what it leaves out', async () => {
    const frame = await play(async (service, pass) => {
      pass(700, 2_300, 1_000);
      await service.setDesiredCapacity('hello', 37);
      await service.drainInstance(service.status().groups[0]?.instances[33]?.id ?? '', false);
      pass(700);
      service.kill(service.status().groups[0]?.instances[5]?.id ?? '');
    }, 40);
    await expect(`${renderFrame(frame, look(frame, 100, 24))}\n`).toMatchFileSnapshot(golden('many'));
  });

  it('says why nothing happens, and when it is out of date', async () => {
    const frame = await play(async (service, pass) => {
      pass(700, 2_300);
      service.suspended = '5 launches failed in a row, the last one: the command exited with code 1.';
      service.suspendedProcesses = ['terminate', 'alarmNotification'];
      service.policies = [
        POLICY,
        { ...POLICY, policy: 'jobs', wants: null, why: 'Without a reading it holds the size.' },
      ];
    });
    const lost = { ...frame, notice: 'The controller does not answer.' };
    await expect(`${renderFrame(lost, look(frame, 100, 24))}\n`).toMatchFileSnapshot(golden('suspended'));
  });

  it('says once that launching is suspended', async () => {
    const frame = await play(async (service) => {
      service.suspended = '5 launches failed in a row.';
    });
    const holds = [{ code: 'launchSuspended', message: 'Launching is suspended after 5 failures.', until: null }];
    const groups = frame.status.groups.map((group) => ({ ...group, holds }));
    const text = renderFrame({ ...frame, status: { ...frame.status, groups } }, look(frame, 100, 24));
    expect(text.match(/Launching is suspended/g)).toHaveLength(1);
  });

  it('of several groups and targets names them', async () => {
    const frame = await healing();
    const severalTargets = several(frame.status);
    const twoGroups = { ...frame, status: severalTargets };
    await expect(`${renderFrame(twoGroups, look(frame, 120, 34))}\n`).toMatchFileSnapshot(golden('groups'));
  });

  it('of an empty fleet', async () => {
    const frame = await healing();
    const status = { ...frame.status, loadBalancers: [], groups: [] };
    const text = renderFrame({ status, activities: [], hints: [], notice: null }, look(frame, 80, 24));
    expect(text).toContain('There are no instances.');
  });

  it('keeps to the terminal and obeys no text from outside, whatever is shown', async () => {
    const frame = await healing();
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\u001B[2J\u001B]0;x\u0007 gotcha '.repeat(9)));
    const size = fc.record({ columns: fc.integer({ min: 40, max: 160 }), rows: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(anyText, size, fc.nat(60), fc.boolean(), (text, { columns, rows }, many, unicode) => {
        const shown = renderFrame(hostile(frame, text, many), look(frame, columns, rows, { unicode }));
        const lines = shown.split('\n');
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
    );
  });
});

describe('drover status', () => {
  it('shows all instances at once', async () => {
    const frame = await healing();
    const text = renderStatus(frame.status, look(frame, 100, 5));
    await expect(`${text}\n`).toMatchFileSnapshot(golden('status'));
  });
});

/** Two groups, and a second target group behind which the servers are. */
function several(status: FleetStatus): FleetStatus {
  const [group] = status.groups;
  if (group === undefined) throw new Error('no group');
  const instances = group.instances.map((instance) => ({
    ...instance,
    targets: instance.targets.flatMap((target) => [target, { ...target, targetGroup: 'admin', openRequests: 7 }]),
  }));
  const workers: GroupStatus = { ...group, name: 'workers', inService: 0, desired: 0, instances: [] };
  return { ...status, groups: [{ ...group, instances }, workers] };
}

/** Every text of the frame replaced. */
function hostile(frame: Frame, text: string, many: number): Frame {
  const activity: Activity = { ...(frame.activities[0] as Activity), message: text, group: text };
  const groups = frame.status.groups.map((group) => ({
    ...group,
    name: text,
    holds: [{ code: text, message: text, until: null }],
    notes: [text],
    launchSuspended: text,
    instances: Array.from({ length: many }, (_, index) => ({
      ...(group.instances[index % group.instances.length] as (typeof group.instances)[number]),
      group: text,
      detail: text,
      endpoint: text,
      machineId: text,
      machineDetail: text,
      targets: [text, text].map((name) => ({
        targetGroup: name,
        health: name,
        detail: name,
        openRequests: many,
        requestsTotal: many * 1e6,
        ...{ requestsPerSecond: many, errorShare: 0, responseTimeMs: 1 },
      })),
    })),
  }));
  const loadBalancers = frame.status.loadBalancers.map((each) => ({
    ...each,
    name: text,
    version: text,
    detail: text,
    listeners: [{ url: text, targetGroup: text }],
    statsUrl: text,
  }));
  return {
    status: { ...frame.status, fleet: text, pending: [text], defects: many, groups, loadBalancers },
    activities: Array.from({ length: many }, () => activity),
    hints: [...frame.hints, { command: text, effect: text }],
    notice: text,
  };
}
