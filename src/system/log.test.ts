import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLog } from './log.ts';

async function freshPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-log-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'drover.log');
}

it('keeps the log and one before it within their bounds, while it is open', async () => {
  const path = await freshPath();
  const log = openLog(path, { maxBytes: 1_000 });
  for (let index = 0; index < 100; index += 1) log.error(`line ${index}`);
  const [last, before] = await Promise.all([readFile(path, 'utf8'), readFile(`${path}.1`, 'utf8')]);
  expect(last).toContain('line 99');
  expect(last.length).toBeLessThan(1_100);
  expect(before.length).toBeLessThan(1_100);
});

it('goes on with a log that was there before', async () => {
  const path = await freshPath();
  openLog(path).error('first');
  openLog(path).error('second');
  expect(await readFile(path, 'utf8')).toMatch(/first.*\n.*second/);
});

it('does not write by way of a link', async () => {
  const path = await freshPath();
  await symlink('/dev/null', path);
  expect(() => openLog(path)).toThrow();
});
