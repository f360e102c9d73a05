import { execFile } from 'node:child_process';
import { chmod, chown, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder } from '../../../src/store/data-folder.ts';
import { acquireLock } from '../../../src/store/lock.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { openLog } from '../../../src/system/log.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const FLEET = fileURLToPath(new URL('../../../examples/hello/fleet.yaml', import.meta.url));
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

let folder: string;
let dataDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-trust-'));
  dataDir = join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true }));

const untrusted = (why: string) =>
  expect.objectContaining({ code: 'dataFolderUntrusted', message: expect.stringContaining(why) });

/** What `drover run` says and its exit code; it never gets as far as to start anything. */
function run(data: string): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'run', FLEET, '--plain', '--data', data], (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: stderr }),
    );
  });
}

describe('a data folder', () => {
  it('that Drover makes is private, and so is what is in it from the start', async () => {
    const mask = process.umask(0);
    try {
      const lock = acquireLock(dataDir);
      const store = await openSqliteStore({ path: join(dataDir, 'drover.db') });
      openLog(join(dataDir, 'drover.log')).info('x');
      const modes = await Promise.all(
        (await readdir(dataDir)).map(async (name) => [name, (await stat(join(dataDir, name))).mode & 0o777]),
      );
      await store.close();
      lock.release();
      expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([]);
    } finally {
      process.umask(mask);
    }
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('of the user that others may read is used, and keeps its mode', async () => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o755);
    acquireLock(dataDir).release();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
  });

  it('that others can write to is refused and left as it is', async () => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o1777);
    expect(() => acquireLock(dataDir)).toThrow(untrusted(`every user can write to ${dataDir}`));
    expect(await readdir(dataDir)).toEqual([]);
    expect((await stat(dataDir)).mode & 0o7777).toBe(0o1777);
  });

  it('below a folder that others can write to is refused, also by way of a symbolic link', async () => {
    const open = join(folder, 'open');
    await mkdir(join(open, 'mine'), { recursive: true });
    await chmod(open, 0o777);
    await symlink(join(open, 'mine'), join(folder, 'way'));
    for (const path of [join(open, 'mine'), join(open, 'new'), join(folder, 'way'), join(folder, 'way', 'new')]) {
      expect(() => openDataFolder(path)).toThrow(untrusted(`every user can write to ${open}`));
    }
    expect(await readdir(open)).toEqual(['mine']);
    await chmod(open, 0o1777);
    openDataFolder(join(folder, 'way', 'new'));
  });

  it.skipIf(!isRoot)('of another user, or below one of theirs, is refused', async () => {
    await mkdir(join(dataDir, 'inner'), { recursive: true });
    await chown(dataDir, NOBODY, NOBODY);
    for (const path of [dataDir, join(dataDir, 'inner'), join(dataDir, 'new')]) {
      expect(() => acquireLock(path)).toThrow(untrusted(`${dataDir} belongs to the user with id ${NOBODY}`));
    }
    expect(await readdir(dataDir)).toEqual(['inner']);
  });

  it.skipIf(!isRoot)('whose symbolic link another user has made is refused', async () => {
    await mkdir(dataDir, { mode: 0o700 });
    const { lchown } = await import('node:fs/promises');
    await symlink(dataDir, join(folder, 'way'));
    await lchown(join(folder, 'way'), NOBODY, NOBODY);
    expect(() => openDataFolder(join(folder, 'way'))).toThrow(untrusted('belongs to the user with id'));
  });

  it.each(['lock.pid', 'lock.db', 'drover.db', 'drover.db-wal', 'drover.db-shm', 'drover.log'])(
    'with %s as a link to elsewhere changes nothing there',
    async (name) => {
      await mkdir(dataDir, { mode: 0o700 });
      for (const make of [symlink, link]) {
        const precious = join(folder, 'precious');
        await writeFile(precious, 'precious');
        await make(precious, join(dataDir, name));
        const use = async () => {
          acquireLock(dataDir).release();
          await (await openSqliteStore({ path: join(dataDir, 'drover.db') })).close();
          openLog(join(dataDir, 'drover.log')).info('x');
        };
        if (name === 'drover.log' && make === link) await use();
        else await expect(use()).rejects.toThrow(/symbolic link|not a regular file|hard link/);
        if (name !== 'drover.log') expect(await readFile(precious, 'utf8')).toBe('precious');
        await rm(dataDir, { recursive: true });
        await mkdir(dataDir, { mode: 0o700 });
      }
    },
  );

  it('that cannot be trusted is told by the command, with its own exit code', async () => {
    await mkdir(dataDir);
    await chmod(dataDir, 0o777);
    expect(await run(dataDir)).toEqual({ code: 5, said: expect.stringContaining('is not safe to use') });
    expect(await readdir(dataDir)).toEqual([]);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o777);
  });

  it('without a name is none', async () => {
    expect(await run('')).toEqual({ code: 2, said: expect.stringContaining('--data needs a folder') });
  });
});
