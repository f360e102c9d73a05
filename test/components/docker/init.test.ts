import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DockerEngine, TINY_WEB } from '../../support/docker-engine.ts';
import { freePort } from '../../support/free-ports.ts';
import { requires } from '../../support/requires.ts';

const DROVER = join(import.meta.dirname, '../../../bin/drover');
const TIMEOUT_MS = 60_000;

requires('docker')('a first fleet of containers', () => {
  let engine: DockerEngine;
  let folder: string;
  let controller: ChildProcess | null = null;

  beforeAll(async () => {
    engine = await DockerEngine.start();
    folder = await mkdtemp(join(tmpdir(), 'drover-first-'));
  });
  afterAll(async () => {
    if (controller !== null && controller.exitCode === null && controller.signalCode === null) {
      controller.kill('SIGKILL');
      await once(controller, 'exit');
    }
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const drover = (...args: readonly string[]) =>
    promisify(execFile)(DROVER, args, { cwd: folder, timeout: TIMEOUT_MS });

  requires('haproxy')('behind HAProxy', () => {
    it('serves as it was written', async () => {
      const port = String(await freePort());
      await drover('init', '--provider', 'docker', '--image', TINY_WEB, '--engine', engine.host, '--port', port);
      expect((await drover('validate')).stderr).toBe('');
      controller = spawn(DROVER, ['run', '--plain'], { cwd: folder, stdio: 'ignore' });
      const isRunning = () =>
        drover('status').then(
          () => true,
          () => false,
        );
      await expect.poll(isRunning, { interval: 500, timeout: TIMEOUT_MS }).toBe(true);
      await drover('apply', '--yes', '--timeout', '50s');
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
      expect(await engine.containers()).toHaveLength(2);
      await drover('down', '--yes');
      expect(await engine.containers()).toEqual([]);
    });
  });
});
