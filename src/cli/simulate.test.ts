import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeActions } from '../../test/support/fake-actions.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { fakeTerminal } from '../../test/support/fake-terminal.ts';
import type { WhatIfRun } from '../views/what-if.ts';
import type { SimulateOptions } from './actions.ts';
import { EXIT } from './exit-codes.ts';
import { runCli } from './program.ts';

const RUN: WhatIfRun = {
  title: 'fleet.yaml',
  group: 'web',
  metric: 'requests',
  valueIs: 'total',
  from: 0,
  to: 120_000,
  intervalMs: 60_000,
  bootMs: 30_000,
  capacity: null,
  notes: [],
  summary: {
    minSize: 1,
    meanSize: 1.5,
    maxSize: 2,
    instanceHours: 0.1,
    demand: 18_000,
    unserved: null,
    longestOverloadMs: null,
    missingMs: 0,
    scaleOuts: 1,
    scaleIns: 0,
    activities: 0,
  },
  points: [
    { at: 0, load: 100, desired: 1, inService: 1 },
    { at: 60_000, load: 200, desired: 2, inService: 1 },
  ],
  activities: [],
};

let cwd: string;
let asked: SimulateOptions[];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-cli-'));
  asked = [];
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function simulate(args: string) {
  const terminal = fakeTerminal({ cwd });
  const actions = fakeActions(() => new FakeFleetService({ now: () => 0 }), {
    simulate: async (options) => {
      asked.push(options);
      return [RUN];
    },
  });
  const exitCode = await runCli(['simulate', ...args.split(' ')], actions, terminal);
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

it('replays what was recorded beside the fleet file, unless something else is said', async () => {
  const { exitCode, out } = await simulate('--group web');
  expect(exitCode).toBe(EXIT.ok);
  expect(out).toContain('Group web: requests from 1970-01-01 00:00');
  expect(asked).toEqual([
    {
      fleetFiles: [{ path: join(cwd, 'fleet.yaml'), title: 'fleet.yaml' }],
      group: 'web',
      metric: null,
      valueIs: null,
      load: { kind: 'recorded', dataDir: join(cwd, '.drover') },
      from: null,
      to: null,
      bootMs: 30_000,
      capacity: null,
    },
  ]);
});

it('takes everything from its options', async () => {
  await simulate(
    '--group web --fleet a.yaml --compare b.yaml --metrics load.csv --metric cpu --value-is average --boot 2m --capacity 70 ' +
      '--from 2026-11-23 --to 2026-11-23T08:30',
  );
  expect(asked).toEqual([
    {
      fleetFiles: [
        { path: join(cwd, 'a.yaml'), title: 'a.yaml' },
        { path: join(cwd, 'b.yaml'), title: 'b.yaml' },
      ],
      group: 'web',
      metric: 'cpu',
      valueIs: 'average',
      load: { kind: 'csv', path: join(cwd, 'load.csv') },
      from: Date.UTC(2026, 10, 23),
      to: Date.UTC(2026, 10, 23, 8, 30),
      bootMs: 120_000,
      capacity: 70,
    },
  ]);
});

it('gives JSON, and writes a report', async () => {
  const { out, err } = await simulate('--group web --prometheus-range load.json --json --html report.html');
  expect(JSON.parse(out)).toEqual([RUN]);
  expect(err).toContain('report.html');
  expect(await readFile(join(cwd, 'report.html'), 'utf8')).toContain('<svg');
  await writeFile(join(cwd, 'file'), '');
  expect(await simulate('--group web --html file/report.html')).toMatchObject({ exitCode: EXIT.failed });
});

it.each([
  '--metrics a.csv',
  '--group web --boot 30',
  '--group web --capacity 0',
  '--group web --from yesterday',
  '--group web --value-is sum',
  '--group web --metrics a.csv --prometheus-range b.json',
])('refuses %s', async (args) => {
  expect(await simulate(args)).toMatchObject({ exitCode: EXIT.usage });
  expect(asked).toEqual([]);
});
