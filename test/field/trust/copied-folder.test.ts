import { cp, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../../src/store/lock.ts';

describe('a data folder', () => {
  let folder: string;
  let original: string;
  let copy: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-copied-'));
    original = join(folder, 'original');
    copy = join(folder, 'copy');
    acquireLock(original).release();
  });
  afterEach(() => rm(folder, { recursive: true }));

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
