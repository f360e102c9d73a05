import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../../src/store/lock.ts';
import { ending } from '../../support/drover-service.ts';

describe('a data folder', () => {
  let folder: string;
  let original: string;
  let copy: string;
  const running: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-copied-'));
    original = join(folder, 'original');
    copy = join(folder, 'copy');
    acquireLock(original).release();
  });
  afterEach(async () => {
    for (const child of running.splice(0)) await end(child);
    await rm(folder, { recursive: true });
  });

  /** As HAProxy or a server, whose output is in a log of the original. */
  async function runs(): Promise<ChildProcess> {
    const inner = join(original, 'providers', 'process', 'i-1');
    await mkdir(inner, { recursive: true });
    const log = openSync(join(inner, 'server.log'), 'a');
    const child = spawn('sleep', ['600'], { cwd: '/', stdio: ['ignore', log, log] });
    closeSync(log);
    running.push(child);
    await once(child, 'spawn');
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await ending(child);
  }

  it('that is a copy of one which is still there is refused, and left as it is', async () => {
    const held = acquireLock(original);
    await cp(original, copy, { recursive: true, preserveTimestamps: true });
    const before = await readdir(copy);
    expect(() => acquireLock(copy)).toThrow(
      expect.objectContaining({ name: 'PortError', code: 'dataFolderCopied', reaction: 'Invalid' }),
    );
    expect(() => acquireLock(copy)).toThrow(`${copy} is a copy of ${original}, which is still there`);
    expect(await readdir(copy)).toEqual(before);
    held.release();
    expect(() => acquireLock(copy)).toThrow('is a copy');
  });

  it('that was moved, or whose original is gone, is used where it is', async () => {
    await cp(original, copy, { recursive: true });
    await rm(original, { recursive: true });
    acquireLock(copy).release();
    await rename(copy, original);
    acquireLock(original).release();
  });

  it('that is a copy of one which was moved is refused while something of that one runs', async () => {
    const child = await runs();
    await cp(original, copy, { recursive: true, preserveTimestamps: true });
    const moved = join(folder, 'moved');
    await rename(original, moved);
    expect(() => acquireLock(copy)).toThrow(`${copy} is a copy of ${moved}, which is still there`);
    acquireLock(moved).release();
    expect(() => acquireLock(copy)).toThrow('is a copy');
    await end(child);
    await rm(moved, { recursive: true });
    acquireLock(copy).release();
  });

  it('that was brought back is used while somebody reads the backup that it came from', async () => {
    await cp(original, copy, { recursive: true });
    await rm(original, { recursive: true });
    const backup = join(folder, 'backup');
    await rename(copy, backup);
    await cp(backup, original, { recursive: true });
    const reader = openSync(join(backup, 'lock.db'), 'r');
    acquireLock(original).release();
    closeSync(reader);
  });

  it('that is a copy of one whose controller runs elsewhere by now is refused', async () => {
    await cp(original, copy, { recursive: true });
    const held = acquireLock(original);
    const moved = join(folder, 'moved');
    await rename(original, moved);
    expect(() => acquireLock(copy)).toThrow(`${copy} is a copy of ${moved}`);
    held.release();
  });

  it('that was put in the place of the one that it is a copy of is refused while that one runs', async () => {
    await runs();
    const moved = join(folder, 'moved');
    await rename(original, moved);
    await cp(moved, original, { recursive: true });
    expect(() => acquireLock(original)).toThrow(`${original} is a copy of ${moved}`);
    acquireLock(moved).release();
  });

  it('that was brought back from a backup is used in its old place', async () => {
    await cp(original, copy, { recursive: true });
    await rm(original, { recursive: true });
    await cp(copy, original, { recursive: true });
    acquireLock(original).release();
    expect(() => acquireLock(copy)).toThrow('is a copy');
  });

  it('is itself by way of a symbolic link', async () => {
    await symlink(original, copy);
    acquireLock(copy).release();
    acquireLock(original).release();
  });
});
