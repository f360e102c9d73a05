import { appendFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../system/clock.ts';
import { readLog } from './log-reader.ts';
import { rotateLog } from './logs.ts';

let path: string;
let isOver: boolean;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drover-log-reader-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  path = join(folder, 'server.log');
  isOver = false;
});

const reading = (signal = new AbortController().signal) => ({ clock: systemClock, signal, isOver: async () => isOver });
const read = async (lines: number) => {
  const found: string[] = [];
  for await (const line of readLog(path, { lines, follow: false }, reading())) found.push(line);
  return found;
};

it('gives the last lines, also one that has no end yet', async () => {
  await writeFile(path, 'one\ntwo\nthree\nfour');
  expect(await read(2)).toEqual(['three', 'four']);
  expect(await read(100)).toEqual(['one', 'two', 'three', 'four']);
});

it('gives nothing of a log that is not there, and does not read by way of a link', async () => {
  expect(await read(10)).toEqual([]);
  await writeFile(`${path}.secret`, 'secret\n');
  await symlink(`${path}.secret`, path);
  await expect(read(10)).rejects.toThrow();
});

it('takes what is missing from the log before, when it was begun anew a moment ago', async () => {
  await writeFile(path, 'one\ntwo\n'.padEnd(2_000, 'x\n'));
  await rotateLog(path, 1_000);
  await appendFile(path, 'new\n');
  expect(await read(3)).toEqual(['x', 'x', 'new']);
});

it('goes on when the log is begun anew, with all lines, each once, and ends when nothing more will come', async () => {
  await writeFile(path, 'first\n');
  const seen: string[] = [];
  const following = (async () => {
    for await (const line of readLog(path, { lines: 10, follow: true }, reading())) seen.push(line);
  })();
  await expect.poll(() => seen).toEqual(['first']);
  await appendFile(path, `${'before '.repeat(200)}\n`);
  await expect.poll(() => seen.length).toBe(2);
  await rotateLog(path, 1_000);
  await appendFile(path, 'after\n');
  await expect.poll(() => seen.at(-1)).toBe('after');
  await appendFile(path, 'last words');
  isOver = true;
  await following;
  expect(seen.slice(2)).toEqual(['after', 'last words']);
});

it('ends when nobody reads any more', async () => {
  await writeFile(path, 'first\n');
  const stop = new AbortController();
  for await (const line of readLog(path, { lines: 1, follow: true }, reading(stop.signal))) {
    expect(line).toBe('first');
    stop.abort();
  }
});
