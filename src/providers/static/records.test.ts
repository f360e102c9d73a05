import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostRecords, mayResetAgain } from './records.ts';

const MINUTE_MS = 60_000;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-records-'));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ['never before', [], 0, true],
  ['half an hour after the first', [0], 30, true],
  ['sooner', [0], 29, false],
  ['an hour after the second', [0, 30], 90, true],
  ['sooner than that', [0, 30], 89, false],
  ['a fourth time', [0, 30, 90], 1_439, false],
  ['the next day', [0, 30, 90], 1_440 + 90, true],
  ['after the clock was set back', [600], 0, false],
])('a host may be reset: %s', (_, minutes, now, may) => {
  expect(
    mayResetAgain(
      minutes.map((minute) => minute * MINUTE_MS),
      now * MINUTE_MS,
    ),
  ).toBe(may);
});

it('what is known of a host outlasts Drover', () => {
  const records = new HostRecords(folder);
  records.noteFree('h', records.turn('h'));
  records.noteReset('h', 5);
  const next = new HostRecords(folder);
  expect([next.isFree('h'), next.resets('h', 6), next.mayReset('h', 6), next.isFree('other')]).toEqual([
    true,
    1,
    false,
    false,
  ]);
});

it('a host is taken from before a claim is made, whatever was seen before that', async () => {
  const records = new HostRecords(folder);
  records.noteFree('h', records.turn('h'));
  const turn = records.turn('h');
  await records.claiming('h', async () => {
    expect(new HostRecords(folder).isFree('h')).toBe(false);
    records.noteFree('h', records.turn('h'));
  });
  records.noteFree('h', turn);
  expect(records.isFree('h')).toBe(false);
});
