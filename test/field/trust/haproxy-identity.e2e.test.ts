import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { afterEach, expect, it } from 'vitest';
import { readStat } from '../../../src/base/procfs.ts';
import { createHaproxy } from '../../../src/haproxy/driver.ts';
import { ownProcesses, send } from '../../../src/haproxy/processes.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { ending } from '../../support/drover-service.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { isRunning } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';

const signal = new AbortController().signal;
const NOBODY = 65_534;

requires('haproxy')("HAProxy's processes", () => {
  let world: HaproxyWorld;
  const others: ChildProcess[] = [];
  let links: string | undefined;

  afterEach(async () => {
    for (const other of others.splice(0)) other.kill('SIGKILL');
    await world.end();
    if (links !== undefined) await rm(links, { recursive: true, force: true });
    links = undefined;
  });

  async function begin(): Promise<string> {
    world = await HaproxyWorld.make();
    await world.apply(world.state([]));
    return join(world.folder, 'haproxy.cfg');
  }

  /** A program that looks like HAProxy to whoever reads its arguments only. */
  async function lookalike(config: string, options: { uid?: number } = {}): Promise<number> {
    const script = 'console.log(1);setInterval(() => {}, 1000)';
    const child = spawn(process.execPath, ['-e', script, '--', '-W', '-f', config], { ...options, cwd: '/' });
    others.push(child);
    await once(child.stdout ?? child, 'data');
    return child.pid ?? 0;
  }

  it('are ended by way of a symlink to their folder', async () => {
    const config = await begin();
    expect(await ownProcesses(config)).toHaveLength(2);
    links = await mkdtemp(join(tmpdir(), 'drover-links-'));
    const link = join(links, 'data');
    await symlink(world.folder, link);
    await createHaproxy({ dataDir: link, clock: systemClock }).stop(signal);
    expect(await ownProcesses(config)).toEqual([]);
    expect(await world.pids()).toEqual([]);
  });

  it('are known by way of a symlink also where nothing says which they are', async () => {
    const config = await begin();
    await rm(join(world.folder, 'started.json'));
    links = await mkdtemp(join(tmpdir(), 'drover-links-'));
    const link = join(links, 'data');
    await symlink(world.folder, link);
    expect(await ownProcesses(join(link, 'haproxy.cfg'))).toEqual(await ownProcesses(config));
    expect(await ownProcesses(config)).toHaveLength(2);
  });

  it('are known when their folder was moved under them', async () => {
    const config = await begin();
    links = await mkdtemp(join(tmpdir(), 'drover-links-'));
    const moved = join(links, 'data');
    await rename(world.folder, moved);
    expect(await ownProcesses(join(moved, 'haproxy.cfg'))).toHaveLength(2);
    await rename(moved, world.folder);
    expect(await ownProcesses(config)).toHaveLength(2);
  });

  it("are not another user's, whatever their arguments", async ({ skip }) => {
    skip(geteuid?.() !== 0, 'only root can start a process of another user');
    const config = await begin();
    const pid = await lookalike(config, { uid: NOBODY });
    expect((await ownProcesses(config)).map((one) => one.pid)).not.toContain(pid);
    await world.driver.stop(signal);
    expect(await isRunning(pid)).toBe(true);
    expect(await ownProcesses(config)).toEqual([]);
  });

  it('are not signalled when their pid is another process by now', async () => {
    const config = await begin();
    const [one] = await ownProcesses(config);
    if (one === undefined) throw new Error('no process');
    const another = spawn('sleep', ['600'], { stdio: 'ignore' });
    others.push(another);
    await once(another, 'spawn');
    await send({ ...one, pid: another.pid ?? 0 }, 'SIGKILL');
    // How it ends says which signal came first.
    another.kill('SIGTERM');
    expect(await ending(another)).toBe('SIGTERM');
  });

  it('are told with their owner when they cannot be ended', async ({ skip }) => {
    skip(geteuid?.() === 0, 'root can end every process');
    await begin();
    const startTicks = readStat(1)?.startTicks ?? 0;
    await expect(send({ pid: 1, startTicks, parent: 0, userId: 0 }, 'SIGUSR1')).rejects.toMatchObject({
      reaction: 'Unauthorized',
      message: expect.stringMatching(/process 1 belongs to the user with id 0/),
    });
  });
});
