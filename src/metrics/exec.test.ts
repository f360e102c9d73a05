import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import { freshFolder, NO_ABORT, problemsOf, sourceOf } from '../../test/support/metric-sources.ts';
import { execMetric } from './exec.ts';

const sh = (script: string, baseDir = '/') => sourceOf(execMetric, { command: ['sh', '-c', script] }, {}, baseDir);
const read = (script: string) => sh(script).read(NO_ABORT);

it.each([
  ['echo 42', 42],
  ['printf " -1.5e1 \\n\\n"', -15],
  ['echo 7; echo all is well >&2', 7],
])('reads what %s prints', async (script, value) => {
  expect(await read(script)).toMatchObject({ kind: 'value', value });
});

it.each([
  ['true', 'empty', 'sh prints nothing'],
  ['echo many', 'notANumber', 'sh prints "many", which is not a number'],
  ['echo 1; echo 2', 'notANumber', 'sh prints "1\\n2", which is not a number'],
  ['echo 5; exit 4', 'failed', 'sh exits with 4'],
  ['echo first >&2; printf "la\\033st\\n\\n" >&2; exit 1', 'failed', 'sh exits with 1: la st'],
  ['kill -9 $$', 'failed', 'sh was ended by SIGKILL'],
  ['while :; do echo 123456789; done', 'failed', 'sh prints more than 4096 bytes'],
])('is missing for %s', async (script, code, detail) => {
  expect(await read(script)).toMatchObject({ kind: 'missing', code, detail });
});

it('says what cannot be run', async () => {
  const reading = await sourceOf(execMetric, { command: ['/no/such/program'] }).read(NO_ABORT);
  expect(reading).toMatchObject({ code: 'failed', detail: expect.stringMatching(/cannot be run: it was not found/) });
});

it('involves no shell, and runs in the folder of the fleet file', async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, '3;4'), '11\n');
  const source = sourceOf(execMetric, { command: ['cat', '3;4'] }, {}, folder);
  expect(await source.read(NO_ABORT)).toMatchObject({ value: 11 });
});

it("hands on nothing of Drover's own environment that may be secret", async () => {
  env.DROVER_EXEC_TEST_SECRET = '1';
  onTestFinished(() => void delete env.DROVER_EXEC_TEST_SECRET);
  expect(await read('echo $((DROVER_EXEC_TEST_SECRET + 0))')).toMatchObject({ value: 0 });
});

it('kills all that the command has started when it is called off', async () => {
  const folder = await freshFolder();
  const source = sh('sleep 1000 & echo $! >child; echo $$ >parent; wait', folder);
  const stop = new AbortController();
  const reading = source.read(stop.signal);
  const pids = await Promise.all(['child', 'parent'].map((name) => pidIn(join(folder, name))));
  for (const pid of pids) expect(await stateOf(pid)).not.toBe('gone');
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  for (const pid of pids) await expect.poll(() => stateOf(pid)).toMatch(/gone|Z/);
});

it('does not wait for what has left the group when it is called off', async () => {
  const folder = await freshFolder();
  const stop = new AbortController();
  const reading = sh("setsid sh -c 'echo $$ >away; exec sleep 1000' & wait", folder).read(stop.signal);
  const pid = await pidIn(join(folder, 'away'));
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: 'aborted' });
});

/** Once it has been written there. */
async function pidIn(path: string): Promise<number> {
  const read = async () => Number(await readFile(path, 'utf8').catch(() => ''));
  await expect.poll(read).toBeGreaterThan(0);
  return await read();
}

async function stateOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: gone');
  return /^State:\s+(\S+)/m.exec(status)?.[1] ?? '';
}

it('refuses a command that is none', () => {
  expect(problemsOf(execMetric, { command: [] })).not.toEqual([]);
  expect(problemsOf(execMetric, { command: [''] })).not.toEqual([]);
  expect(problemsOf(execMetric, { command: 'echo 1' })).not.toEqual([]);
  expect(problemsOf(execMetric, { command: ['a\0b'] })).not.toEqual([]);
});
