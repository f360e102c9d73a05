import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Machine } from '../../../src/model/observation.ts';
import { freePorts } from '../../support/free-ports.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { pidOf, processTests, settings } from '../../support/process-world.ts';

const tests = processTests('ports');
const { signal } = tests;

async function launch(command: readonly string[], { id = 'i-1', serves = true } = {}): Promise<Machine> {
  const [port = 0] = await freePorts(1);
  const written = settings({ command: [...command], portRange: { from: port, to: port }, stopTimeout: '100ms' });
  return tests.provider.launch(launchRequest(id, { serves, settings: written }), signal);
}

/** Which nobody is told before the server listens. */
async function portOf({ instanceId }: Machine): Promise<string> {
  return String(JSON.parse(await readFile(join(tests.world.dataDir, instanceId, 'machine.json'), 'utf8')).port);
}

const seen = async (id = 'i-1') =>
  (await tests.provider.list(signal)).machines.find(({ instanceId }) => instanceId === id);

async function untilItSays(words: string): Promise<void> {
  await expect.poll(() => readFile(join(tests.world.dataDir, 'i-1', 'server.log'), 'utf8')).toContain(words);
}

/** A program that listens on a port, says so, and lets go of it on SIGUSR2. */
const listen = (port: string) => `
  const server = require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listens'));
  process.on('SIGUSR2', () => server.close(() => console.log('has let go')));
  setInterval(() => {}, 60_000);`;
const SERVER = listen('process.env.PORT');

/** Another program that listens on a port. */
async function otherProgram(machine: Machine): Promise<ChildProcess> {
  const args = ['-e', listen(await portOf(machine))];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** All ports have been looked at since this began. */
async function afterALook(): Promise<void> {
  await otherProgram(await launch(['sleep', '600'], { id: 'i-other' }));
  await expect.poll(() => seen('i-other')).toMatchObject({ state: 'stopped' });
}

it('takes a server as stopped whose port another program has taken while it booted, and names it', async () => {
  let told = 0;
  tests.provider.watch(() => {
    told += 1;
  });
  const machine = await launch(['sleep', '600']);
  expect(machine).toMatchObject({ state: 'running', ports: [] });
  const { pid } = await otherProgram(machine);
  await expect.poll(() => told).toBeGreaterThan(0);
  const found = await seen();
  expect(found?.state).toBe('stopped');
  expect(found?.detail).toMatch(`its port ${await portOf(machine)} was taken by`);
  expect(found?.detail).toMatch(`(pid ${pid}), which is none of its processes`);
});

it('takes a server as stopped whose port another program has taken after it', async () => {
  const machine = await launch([process.execPath, '-e', SERVER]);
  await untilItSays('listens');
  await afterALook();
  expect(await seen()).toMatchObject({ state: 'running' });
  process.kill(pidOf(machine), 'SIGUSR2');
  await untilItSays('has let go');
  const { pid } = await otherProgram(machine);
  await expect.poll(() => seen()).toMatchObject({ state: 'stopped', detail: expect.stringContaining(`(pid ${pid})`) });
});

/** A program that runs the server as its child, by way of other programs. */
const parent = (...via: readonly string[]) => {
  const [program, ...args] = [...via, process.execPath, '-e', SERVER];
  const command = `${JSON.stringify(program)}, ${JSON.stringify(args)}, { stdio: 'inherit' }`;
  return `require('child_process').spawn(${command}); setInterval(() => {}, 60_000)`;
};

it.each([
  ['itself', SERVER],
  ['a child', parent()],
  ['a child in another session that its parent has left', parent('sh', '-c', 'setsid "$0" "$@" &')],
])('takes a server as running that listens by %s', async (_name, script) => {
  await launch([process.execPath, '-e', script]);
  await untilItSays('listens');
  await afterALook();
  expect(await seen()).toMatchObject({ state: 'running' });
});

it('does not mind who has the port of a worker, which need not listen', async () => {
  await otherProgram(await launch(['sleep', '600'], { serves: false }));
  await afterALook();
  expect(await seen()).toMatchObject({ state: 'running' });
});
