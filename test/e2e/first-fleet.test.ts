import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../support/free-ports.ts';
import { requires } from '../support/requires.ts';

// What `drover init` writes is started as it is.

const DROVER = join(import.meta.dirname, '../../bin/drover');
const SERVER = join(import.meta.dirname, '../../examples/hello/server.js');
const TIMEOUT_MS = 60_000;
/** On a machine that has other work, too. */
const START_TIMEOUT_MS = 60_000;

let folder: string;
let controller: ChildProcess | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-first-'));
  controller = null;
});

afterEach(async () => {
  await drover('down', '--yes').catch(() => undefined);
  if (controller !== null && controller.exitCode === null && controller.signalCode === null) {
    controller.kill('SIGKILL');
    await once(controller, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

const drover = (...args: readonly string[]) => promisify(execFile)(DROVER, args, { cwd: folder, timeout: TIMEOUT_MS });

requires('haproxy')('a first fleet of processes', () => {
  it.each([
    ['the start script of package.json', []],
    ['a command', ['--command', `node ${SERVER}`]],
    ['a command that needs a shell', ['--command', `exec node ${SERVER} --port $PORT`]],
  ])('serves, from %s', async (_, args) => {
    await cp(SERVER, join(folder, 'server.js'));
    const scripts = { start: 'node server.js' };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'shop', type: 'module', scripts }));
    const port = String(await freePort());
    const written = await drover('init', '--port', port, '--health-path', '/health', ...args);
    expect(written.stdout).toContain(`curl http://127.0.0.1:${port}/`);
    expect((await drover('validate')).stderr).toBe('');

    controller = spawn(DROVER, ['run', '--plain'], { cwd: folder, stdio: 'ignore' });
    const isRunning = () =>
      drover('status').then(
        () => true,
        () => false,
      );
    await expect.poll(isRunning, { interval: 500, timeout: START_TIMEOUT_MS }).toBe(true);
    await drover('apply', '--yes', '--timeout', '30s');
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Hello from i-')]);

    // A change of the file by one person, and its way into the fleet.
    const text = await readFile(join(folder, 'fleet.yaml'), 'utf8');
    await writeFile(
      join(folder, 'fleet.yaml'),
      text.replace('desiredCapacity: 2', 'desiredCapacity: 3').replace('maxSize: 4', 'maxSize: 5'),
    );
    await expect(drover('apply', '--plan', '--detailed-exitcode')).rejects.toMatchObject({ code: 6 });
    expect((await drover('apply', '--yes', '--wait')).stdout).toContain('The fleet is at version 2.');
    await expect(drover('apply', '--plan', '--detailed-exitcode')).resolves.toMatchObject({ stdout: 'No changes.\n' });
    const ids = (await drover('status', '-o', 'name')).stdout.trim().split('\n');
    const { stderr } = await drover('drain', ...ids.slice(0, 2), '--wait');
    expect(stderr).toContain('gone, and replaced as far as needed.');
    const left = (await drover('status', '-o', 'name')).stdout;
    expect(ids.slice(0, 2).filter((id) => left.includes(id))).toEqual([]);
  });
});
