import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { WhatIfRun } from '../../src/views/what-if.ts';
import { MINUTE, MONDAY_8 } from '../support/policies.ts';
import { fleetFileWith } from '../support/policy-examples.ts';

// The real command, from files and from a store.

const DROVER = new URL('../../src/main.ts', import.meta.url).pathname;
const TIMEOUT_MS = 20_000;
const LOADS = [100, 100, 400, 400, 400, 400];

const fleet = (valueIs: string, measure: string) =>
  fleetFileWith(`    metrics:
      requests: { source: haproxy, targetGroup: web, measure: ${measure} }
    scalingPolicies:
      track: { type: targetTracking, metric: requests, targetValue: 100, valueIs: ${valueIs} }
`);

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'drover-simulate-'));
  await writeFile(join(cwd, 'fleet.yaml'), fleet('total', 'requestsPerSecond'));
  await writeFile(join(cwd, 'average.yaml'), fleet('average', 'requestsPerTarget'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function simulate(...args: string[]): Promise<WhatIfRun[]> {
  const command = [DROVER, 'simulate', '--group', 'web', '--json', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd, timeout: TIMEOUT_MS });
  return JSON.parse(stdout);
}

const sizes = (run: WhatIfRun | undefined) => run?.points.map(({ inService }) => inService);
const SIZES = [1, 1, 1, 1, 4, 4];

it('replays a CSV through two fleet files, and starts nothing', async () => {
  const lines = LOADS.map((load, minute) => `${new Date(MONDAY_8 + minute * MINUTE).toISOString()},${load}`);
  await writeFile(join(cwd, 'load.csv'), `time,value\n${lines.join('\n')}\n`);
  const runs = await simulate('--metrics', 'load.csv', '--compare', 'average.yaml', '--html', 'report.html');
  expect(runs.map(({ title }) => title)).toEqual(['fleet.yaml', 'average.yaml']);
  expect(runs.map(sizes)).toEqual([SIZES, SIZES]);
  expect(await readFile(join(cwd, 'report.html'), 'utf8')).toContain('<svg');
  expect((await readdir(cwd)).toSorted()).toEqual(['average.yaml', 'fleet.yaml', 'load.csv', 'report.html']);
});

it('replays the answer of query_range', async () => {
  const values = LOADS.map((load, minute) => [(MONDAY_8 + minute * MINUTE) / 1_000, String(load)]);
  const answer = { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } };
  await writeFile(join(cwd, 'range.json'), JSON.stringify(answer));
  const [run] = await simulate('--prometheus-range', 'range.json');
  expect(sizes(run)).toEqual(SIZES);
});

it('replays what was recorded, unless it was an average', async () => {
  const store = await openSqliteStore({ path: join(cwd, '.drover', 'drover.db') });
  try {
    for (const [minute, value] of LOADS.entries()) {
      await store.recordMetrics(MONDAY_8 + minute * MINUTE, [{ group: 'web', metric: 'requests', value }]);
    }
  } finally {
    await store.close();
  }
  const [run] = await simulate();
  expect(sizes(run)).toEqual(SIZES);
  await expect(simulate('--fleet', 'average.yaml')).rejects.toMatchObject({
    code: 5,
    stderr: expect.stringContaining('recorded as an average'),
  });
});
