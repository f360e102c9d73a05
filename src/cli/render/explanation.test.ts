import { describe, expect, it } from 'vitest';
import type { Explanation, PolicyExplanation } from '../../views/status.ts';
import { renderExplanation } from './explanation.ts';
import type { Look } from './look.ts';

const NOW = new Date(2026, 10, 23, 15, 44).getTime();
const look: Look = { columns: 100, rows: 24, color: false, unicode: true, now: NOW, program: 'drover' };
const golden = (name: string) => `../../../test/golden/explain/${name}.txt`;

const policy = (more: Partial<PolicyExplanation>): PolicyExplanation => ({
  policy: 'requests',
  type: 'targetTracking',
  metric: 'requests',
  sees: '130',
  wants: 5,
  agreesToScaleIn: false,
  why: '130 is 1.3 times the target of 100, so 4 servers should be 6; within 15 s only 1 may be added.',
  cappedBy: 'maxChange',
  waitsUntil: NOW + 12_000,
  ...more,
});
const cpu = policy({
  policy: 'cpu',
  metric: 'cpu',
  sees: 'missing: the exporter of i-0ab3 does not answer',
  wants: null,
  why: 'Without a reading it holds the size.',
  cappedBy: null,
  waitsUntil: null,
});
const size = { desired: 4, minSize: 1, maxSize: 10, inService: 4, pending: 0, terminating: 0 };
const QUIET: Explanation = {
  at: NOW,
  group: { name: 'web', ...size, fleetMinSize: 1, fleetMaxSize: 10 },
  policies: [],
  scheduledActions: [],
  suspendedProcesses: [],
  next: [],
  holds: [],
  activities: [],
};
const about = {
  at: NOW - 60_000,
  group: 'web',
  instanceId: null,
  cappedBy: null,
  before: null,
  after: null,
  explanation: null,
};
const BUSY: Explanation = {
  ...QUIET,
  group: { ...QUIET.group, minSize: 2, maxSize: 6, pending: 1, terminating: 2 },
  policies: [policy({}), cpu],
  scheduledActions: [
    {
      name: 'opening',
      schedule: '30 7 * * MON-FRI (Europe/Berlin)',
      nextAt: NOW + 60_000,
      minSize: 4,
      maxSize: 20,
      desiredCapacity: null,
    },
    {
      name: 'sale',
      schedule: '2026-11-01T00:00:00.000Z',
      nextAt: null,
      minSize: null,
      maxSize: null,
      desiredCapacity: 8,
    },
  ],
  suspendedProcesses: ['launch', 'replaceUnhealthy'],
  next: [
    {
      ...about,
      level: 'info',
      reason: 'desiredCapacityChanged',
      message: 'Desired capacity changed from 4 to 5 by policy requests.',
    },
  ],
  holds: [{ code: 'launchSuspended', message: 'Launching is suspended by a person.', until: null }],
  activities: [
    {
      ...about,
      sequence: 7,
      level: 'warning',
      reason: 'processSuspended',
      message: 'Process launch was suspended by `drover suspend`.',
    },
  ],
};

describe('renderExplanation', () => {
  it('of a group that does much', async () => {
    await expect(`${renderExplanation(BUSY, look)}\n`).toMatchFileSnapshot(golden('busy'));
  });

  it('on a narrow terminal, in ASCII', async () => {
    const text = renderExplanation(BUSY, { ...look, columns: 60, unicode: false });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    for (const line of text.split('\nLately:')[0]?.split('\n') ?? []) expect(line.length).toBeLessThanOrEqual(60);
    await expect(`${text}\n`).toMatchFileSnapshot(golden('narrow'));
  });

  it('of a group without policies', async () => {
    await expect(`${renderExplanation(QUIET, look)}\n`).toMatchFileSnapshot(golden('quiet'));
  });

  it.each([
    ['more than the maximum', [policy({ wants: 12 })], '12, by requests, and the maximum is 10.'],
    ['less than the minimum', [policy({ wants: 0 })], '0, by requests, and the minimum is 1.'],
    ['fewer', [policy({ wants: 2 }), policy({ policy: 'jobs', wants: 3 }), cpu], 'counts: 3, by jobs.'],
    ['no opinion', [cpu], 'No policy has an opinion: the size stays at 4.'],
  ])('says what comes of the wishes: %s', (_, policies, text) => {
    expect(renderExplanation({ ...QUIET, policies }, look).replaceAll(/\s+/g, ' ')).toContain(text);
  });

  it('does not say twice what a policy waits for', () => {
    const waits = policy({ why: 'It waits.' });
    const holds = [{ code: 'scalingPolicy', message: 'Policy requests: It waits.', until: NOW + 12_000 }];
    const text = renderExplanation({ ...QUIET, policies: [waits], holds }, look);
    expect(text.match(/It waits/g)).toHaveLength(1);
    expect(text).not.toContain('as it should be');
  });

  it('leaves nothing in it that a terminal obeys', () => {
    const evil = { ...QUIET, policies: [policy({ sees: '\u001B[2J', why: 'a\u001B[31mb' })] };
    expect(renderExplanation(evil, look)).not.toContain('\u001B');
  });
});
