import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const FLEET = fileURLToPath(new URL('../../../examples/hello/fleet.yaml', import.meta.url));
const LIST = new URL('../../support/fixtures/list-packages.js', import.meta.url).href;

const COMMANDER = ['commander'];
const TABLES = ['chalk', 'ansi-regex', 'get-east-asian-width', 'string-width', 'strip-ansi'];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-start-'));
});
afterEach(() => rm(folder, { recursive: true }));

function drover(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<{ code: unknown; out: string }> {
  const env = { ...process.env, LIST_PACKAGES: join(folder, 'packages'), XDG_CACHE_HOME: folder, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', LIST, MAIN, ...args], { env, cwd: folder }, (error, out) =>
      resolve({ code: error?.code ?? 0, out }),
    );
  });
}

describe('a command loads what it needs, and no more', () => {
  it.each([
    [['--version'], 0, COMMANDER],
    [['--help'], 0, COMMANDER],
    [['help', 'drain'], 0, COMMANDER],
    [['frobnicate'], 2, COMMANDER],
    [['completion', 'bash'], 0, COMMANDER],
    [['complete', '--line', 'drover status --out'], 0, COMMANDER],
    [['status'], 3, [...COMMANDER, ...TABLES, 'zod']],
    [['validate', FLEET], 0, [...COMMANDER, 'cron-parser', 'luxon', 'yaml', 'zod']],
  ])('%j', async (args, code, most) => {
    expect(await drover(args)).toMatchObject({ code });
    const loaded = (await readFile(join(folder, 'packages'), 'utf8')).split('\n');
    expect(loaded.filter((name) => !most.includes(name))).toEqual([]);
  });
});

describe('the cache of compiled code', () => {
  const path = () => join(folder, 'drover', 'compiled');

  it('is a folder that this user alone can write to', async () => {
    await drover(['--version']);
    expect((await stat(path())).mode & 0o777).toBe(0o700);
    expect(await readdir(path())).not.toEqual([]);
  });

  it.each([
    ['every user can write to', () => mkdir(path()).then(() => chmod(path(), 0o777))],
    ['is in a folder that every user can write to', () => chmod(folder, 0o777)],
    ['leads elsewhere', () => symlink('/dev/null', path())],
  ])('is not used where it %s', async (_, spoil) => {
    await mkdir(join(folder, 'drover'));
    await spoil();
    expect(await drover(['--version'])).toEqual({ code: 0, out: expect.stringMatching(/^\d/) });
    expect(await readdir(path()).catch(() => [])).toEqual([]);
  });

  it('is done without where there is no home', async () => {
    expect(await drover(['--version'], { XDG_CACHE_HOME: '', HOME: '' })).toMatchObject({ code: 0 });
  });
});
