import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { processTests, settings, terminated } from '../../support/process-world.ts';

const tests = processTests('stop');
const { signal } = tests;

/** Launches a master, and waits until it and its child have said that they are ready. */
async function launch(script: string, more: JsonObject = {}): Promise<void> {
  const written = { command: ['sh', '-c', script], stopTimeout: '20s', ...more };
  await tests.provider.launch(launchRequest('i-1', { settings: settings(written) }), signal);
  const log = () => readFile(join(tests.world.dataDir, 'i-1', 'server.log'), 'utf8');
  await expect.poll(log).toContain('master is ready');
}

async function lastWords(): Promise<readonly string[]> {
  await terminated(tests.provider, 'i-1');
  expect(await tests.world.processes()).toEqual([]);
  const log = await readFile(join(tests.world.dataDir, 'ended', 'i-1.log'), 'utf8');
  return log
    .trim()
    .split('\n')
    .filter((line) => !line.includes('ready'));
}

/** A worker whose job ends when `finish` is there, and that dies of any signal. */
const WORKER = '(until [ -e "$DROVER_DATA_DIR/finish" ]; do sleep 0.02; done; echo job done) & echo master is ready';
const FINISH_AND_WAIT = 'touch "$DROVER_DATA_DIR/finish"; wait; echo master done; exit';

it('gives the stop signal to the main process alone, which lets its workers finish', async () => {
  await launch(`trap '${FINISH_AND_WAIT}' TERM; ${WORKER}; while :; do wait; done`);
  expect(await lastWords()).toEqual(['job done', 'master done']);
});

it.each(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'])(
  'gives %s to whom it is chosen for',
  async (name) => {
    // A shell that was started in the background may not trap what is ignored there; this one was not.
    await launch(`trap '${FINISH_AND_WAIT}' ${name.slice('SIG'.length)}; ${WORKER}; while :; do wait; done`, {
      stopSignal: name,
    });
    expect(await lastWords()).toEqual(['job done', 'master done']);
  },
);

it('gives what a main process has left behind the rest of the stop timeout, then ends it', async () => {
  const leave = `trap 'touch "$DROVER_DATA_DIR/finish"; exit' TERM`;
  await launch(`${leave}; ${WORKER}; sleep 600 & while :; do wait; done`, { stopTimeout: '500ms' });
  expect(await lastWords()).toEqual(['job done']);
});

it('gives it once, also when another controller goes on with the ending', async () => {
  await launch(`trap 'echo term' TERM; echo master is ready; while :; do sleep 0.02; done`, { stopTimeout: '3s' });
  await tests.provider.terminate('i-1', signal);
  const record = async () => JSON.parse(await readFile(join(tests.world.dataDir, 'i-1', 'machine.json'), 'utf8'));
  await expect.poll(async () => (await record()).stoppingSince).not.toBe(null);
  await tests.provider.close();
  tests.provider = await tests.world.open(tests.fleet);
  expect(await lastWords()).toEqual(['term']);
});
