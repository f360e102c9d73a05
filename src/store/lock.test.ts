import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from './lock.ts';

const HOLDER = fileURLToPath(new URL('../../test/support/fixtures/hold-lock.ts', import.meta.url));

describe('acquireLock', () => {
  let folder: string;
  let dataDir: string;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-lock-'));
    dataDir = join(folder, 'data');
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('gives a data folder to one controller at a time', async () => {
    const lock = acquireLock(dataDir);
    expect(() => acquireLock(dataDir)).toThrow(
      expect.objectContaining({ name: 'PortError', reaction: 'Invalid', code: 'locked' }),
    );
    expect(() => acquireLock(dataDir)).toThrow(`process id ${process.pid}`);
    lock.release();
    acquireLock(dataDir).release();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('keeps data folders apart', () => {
    const one = acquireLock(join(dataDir, 'one'));
    const two = acquireLock(join(dataDir, 'two'));
    one.release();
    two.release();
  });

  it('is let go of by a process that is killed', async () => {
    child = spawn(process.execPath, ['--expose-gc', HOLDER, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout ?? expect.fail(), 'data');
    expect(() => acquireLock(dataDir)).toThrow(`process id ${child?.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    acquireLock(dataDir).release();
  });

  it('says so where the data folder cannot be used', async () => {
    await writeFile(dataDir, 'a file');
    expect(() => acquireLock(dataDir)).toThrow(
      expect.objectContaining({ name: 'PortError', reaction: 'Invalid', code: 'dataFolderUnusable' }),
    );
  });
});
