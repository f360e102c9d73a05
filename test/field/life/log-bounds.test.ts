import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launchRequest } from '../../support/launch-request.ts';
import { processTests, settings } from '../../support/process-world.ts';

const MIB = 1024 * 1024;
/** It starts some hundred programs, which takes its time on a busy machine. */
const PRINTING = { interval: 300, timeout: 120_000 };
const TIMEOUT_MS = 90_000;
const tests = processTests('logs');
const { signal } = tests;

async function bytesIn(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) =>
    stat(join(parentPath, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Prints so much in pieces, 5 MiB a second, and then a line a second: one of these may fall into the moment in which the log begins anew. */
const printer = (mib: number) => `
  line=$(head -c 4095 /dev/zero | tr '\\0' x)
  for i in $(seq ${mib * 10}); do yes "$line" | head -c 104857; sleep 0.02; done
  while sleep 1; do echo the end; done`;

it('keeps the log of a server that prints 5 MB a second within its bound', { timeout: TIMEOUT_MS }, async () => {
  const command = ['sh', '-c', printer(6)];
  const request = launchRequest('i-1', { settings: settings({ command, maxLogSize: '1MiB' }) });
  await tests.provider.launch(request, signal);
  await tests.provider.list(signal);
  const path = join(tests.world.dataDir, 'i-1', 'server.log');
  let most = 0;
  const isOver = async () => {
    most = Math.max(most, await bytesIn(tests.world.dataDir));
    const texts = await Promise.all([path, `${path}.1`].map((name) => readFile(name, 'latin1').catch(() => '')));
    return texts.some((text) => text.includes('the end')) && texts.every((text) => text.length <= MIB);
  };
  await expect.poll(isOver, PRINTING).toBe(true);
  expect(most).toBeLessThan(16 * MIB);
  expect(await bytesIn(tests.world.dataDir)).toBeLessThan(2.1 * MIB);
  expect(tests.world.problems).toEqual([]);
});

it('says that a log cannot be put aside, and keeps it within bounds all the same', {
  timeout: TIMEOUT_MS,
}, async () => {
  const command = ['sh', '-c', printer(6)];
  const request = launchRequest('i-1', { settings: settings({ command, maxLogSize: '1MiB' }) });
  await tests.provider.launch(request, signal);
  const path = join(tests.world.dataDir, 'i-1', 'server.log');
  // In the way of the copy, as a full disk is.
  await mkdir(`${path}.1.new`);
  await tests.provider.list(signal);
  await expect.poll(() => tests.world.problems).toHaveLength(1);
  expect(tests.world.problems[0]).toContain(`The log ${path} could not be rotated`);
  await expect.poll(async () => (await readFile(path, 'latin1')).includes('the end'), PRINTING).toBe(true);
  await expect.poll(async () => (await stat(path)).size).toBeLessThan(2.1 * MIB);
  expect(tests.world.problems).toHaveLength(1);
});
