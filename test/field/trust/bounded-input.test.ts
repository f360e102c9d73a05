import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBounded, readBoundedSync } from '../../../src/base/files.ts';
import { secretFromFile } from '../../../src/base/secrets.ts';
import { createFileMetric } from '../../../src/metrics/file.ts';
import { systemClock } from '../../../src/system/clock.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const FLEET = fileURLToPath(new URL('../../../examples/hello/fleet.yaml', import.meta.url));
const GIGABYTE = 2 ** 30;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-bounds-'));
  path = join(folder, 'input');
});
afterEach(() => rm(folder, { recursive: true }));

/** What a path may be instead of a file of a sensible size; a reader that is not bounded waits or reads for ever. */
const inputs: readonly (readonly [string, () => Promise<unknown>, string])[] = [
  ['a pipe', async () => execFileSync('/usr/bin/env', ['mkfifo', path]), 'it is a pipe'],
  ['a device', () => symlink('/dev/zero', path), 'it is a device'],
  ['a folder', () => mkdir(path), 'it is a folder'],
  ['a gigabyte', () => writeFile(path, '').then(() => truncate(path, GIGABYTE)), 'it is larger than'],
  ['a link to itself', () => symlink(path, path), 'its symbolic links go in a circle'],
  ['nothing', async () => undefined, 'it does not exist'],
];

/** The command's exit code and what it says; far below the memory that its input stands for. */
function drover(...args: string[]): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--max-old-space-size=128', MAIN, ...args], (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: stderr }),
    );
  });
}

/** By all threads of this process until now. */
async function bytesRead(): Promise<number> {
  return Number(/^rchar: (\d+)/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

describe.each(inputs)('%s', (_, make, why) => {
  it('is no fleet file', async () => {
    await make();
    expect(await drover('validate', path)).toEqual({
      code: 4,
      said: expect.stringContaining(`${path}:1:1  it cannot be read: ${why}`),
    });
  });

  it('is no recording', async () => {
    await make();
    const args = ['simulate', '--fleet', FLEET, '--group', 'hello', '--metrics', path];
    expect(await drover(...args)).toEqual({ code: 5, said: expect.stringContaining(`${path} cannot be read: ${why}`) });
  });

  it('is no number and no secret', async () => {
    await make();
    const { signal } = new AbortController();
    const reading = await createFileMetric({ path, clock: systemClock }).read(signal);
    expect(reading).toMatchObject({ kind: 'missing' });
    await expect(secretFromFile(path)).rejects.toThrow(`cannot be read: ${why}`);
  });

  it('is not read in place either, and no part of it', async () => {
    await make();
    const before = await bytesRead();
    expect(() => readBoundedSync(path, { maxBytes: 10 })).toThrow(why);
    await expect(readBounded(path, { maxBytes: 10 })).rejects.toThrow(why);
    expect((await bytesRead()) - before).toBeLessThan(GIGABYTE / 10);
  });
});

it('a file of just the size that is allowed is read whole, and one of the kernel too', async () => {
  await writeFile(path, 'x'.repeat(100_000));
  expect((await readBounded(path, { maxBytes: 100_000 })).bytes.length).toBe(100_000);
  await expect(readBounded(path, { maxBytes: 99_999 })).rejects.toMatchObject({ code: 'tooLarge' });
  expect((await readBounded('/proc/self/stat', { maxBytes: 4_096 })).bytes.toString()).toMatch(/^\d+ /);
  expect(readBoundedSync('/proc/self/stat', { maxBytes: 4_096 }).bytes.toString()).toMatch(/^\d+ /);
});
