/**
 * Failures that others have had with numbers from outside. The only such number that Drover takes in so far is the desired
 * capacity file; a metric source that is down is the same to it as a file that cannot be read.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { decide } from '../../src/decide/decide.ts';
import { createFileMetric } from '../../src/metrics/file.ts';
import type { Reading } from '../../src/model/observation.ts';
import { healthy, reasons } from '../support/decisions.ts';
import { DESIRED_FILE, NOW, snapshotOf } from '../support/snapshot.ts';

const signal = new AbortController().signal;
const clock = { now: () => NOW, steadyMs: () => NOW, sleep: async () => {} };
const MISSING = ['absent', 'empty', 'notANumber', 'unreadable'] as const;

it.each(MISSING)('keda #1850, #2244, #886: a source that is %s is not 0, and scales nothing', (code) => {
  const file: Reading = { kind: 'missing', code, detail: 'it is not there', at: NOW };
  const memory = { file: { path: DESIRED_FILE, value: 3, refused: null } };
  const decision = decide(snapshotOf(healthy('a', 'b', 'c'), { group: { minSize: 0 }, memory }, { file }), NOW);
  expect(decision.memory.desired).toBe(3);
  expect(decision.changed).toEqual([]);
  expect(reasons(decision)).toEqual(['desiredCapacityRefused']);
});

it('keda #886: a file that vanishes, is emptied or holds garbage reads as missing, a 0 that is written as 0', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-regressions-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'desired');
  const source = createFileMetric({ path, clock });
  expect(await source.read(signal)).toMatchObject({ kind: 'missing', code: 'absent' });
  for (const text of ['', '\n', 'null\n', 'NaN\n', '{"value":0}\n']) {
    await writeFile(path, text);
    expect(await source.read(signal), text).toMatchObject({ kind: 'missing' });
  }
  await writeFile(path, '0\n');
  expect(await source.read(signal)).toMatchObject({ kind: 'value', value: 0 });
});
