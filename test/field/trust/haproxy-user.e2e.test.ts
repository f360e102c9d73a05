import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { ownProcesses, processesOf } from '../../../src/haproxy/processes.ts';
import type { LoadBalancer } from '../../../src/model/fleet.ts';
import type { DesiredState } from '../../../src/ports/load-balancer.ts';
import { HaproxyWorld } from '../../support/haproxy-world.ts';
import { kill } from '../../support/processes.ts';
import { requires } from '../../support/requires.ts';

const NOBODY = 65_534;
const ROOT = 0;
const signal = new AbortController().signal;

/** Real, effective, saved and file system's; all are the same. */
async function rightsOf(pid: number) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const ids = (name: string) => new Set((new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '').match(/\d+/g));
  return {
    user: [...ids('Uid')].map(Number),
    group: [...ids('Gid')].map(Number),
    capabilities: /^CapEff:\s*(\S+)/m.exec(status)?.[1],
  };
}

requires('haproxy')("HAProxy's user", () => {
  let world: HaproxyWorld;

  afterEach(() => world.end());

  const config = () => join(world.folder, 'haproxy.cfg');

  async function begin(
    change: Partial<LoadBalancer> = { user: 'nobody' },
  ): Promise<(more?: Partial<LoadBalancer>) => DesiredState> {
    world = await HaproxyWorld.make();
    const server = await world.server('a');
    return (more = {}) => world.state([server.member()], {}, { ...change, ...more });
  }

  /** The master first. */
  async function users(): Promise<readonly number[]> {
    const all = await ownProcesses(config());
    const master = all.find(({ pid }) => all.some(({ parent }) => parent === pid));
    const workers = all.filter((one) => one !== master);
    const rights = await Promise.all([master, ...workers].map((one) => rightsOf(one?.pid ?? 0)));
    return rights.flatMap(({ user }) => user);
  }

  describe.skipIf(geteuid?.() !== ROOT)('where Drover is root', () => {
    it('is that of each worker, and everything works as ever', async () => {
      const state = await begin();
      await world.apply(state());
      await world.untilHealth('a', 'healthy');
      expect(await users()).toEqual([ROOT, NOBODY]);
      const [worker = 0] = (await ownProcesses(config()))
        .filter(({ parent }) => parent !== 1 && parent !== process.pid)
        .map(({ pid }) => pid);
      expect(await rightsOf(worker)).toEqual({ user: [NOBODY], group: [NOBODY], capabilities: '0000000000000000' });
      expect(await world.answerers(3)).toEqual(['a']);

      // A reload with a request that is open, and a server at run time.
      const held = world.get('/held');
      const response = await world.servers[0]?.held.promise;
      const b = await world.server('b');
      await world.apply(state({ idleTimeoutMs: 100_000 }));
      expect(await users()).toEqual([ROOT, NOBODY, NOBODY]);
      expect((await world.driver.observe(signal)).oldWorkers).toMatchObject({ count: 1, openRequests: 1 });
      response?.end('held');
      expect(await held).toBe('held');
      const both = state({ idleTimeoutMs: 100_000 });
      await world.apply({ ...both, members: [...both.members, b.member()] });
      await world.untilHealth('b', 'healthy');
      expect(await world.answerers(4)).toEqual(['a', 'b']);
    });

    it('is no reason to lose sight of a worker, whoever started it and whatever has become of its master', async () => {
      const state = await begin();
      await world.apply(state());
      await world.untilHealth('a', 'healthy');
      await rm(join(world.folder, 'started.json'));
      expect(await processesOf(config())).toHaveLength(2);
      const master = (await ownProcesses(config())).find(({ pid }, _, all) => all.some(({ parent }) => parent === pid));
      kill(master?.pid ?? 0);
      await world.until('its workers have gone with it', async () => (await world.pids()).length === 0);
      // A process that ends has lost its command line before its sockets.
      const starts = () =>
        world.apply(state()).then(
          () => true,
          () => false,
        );
      await world.until('HAProxy is started again', starts);
      await world.untilHealth('a', 'healthy');
      expect(await users()).toEqual([ROOT, NOBODY]);
      await world.driver.stop(signal);
      expect(await world.pids()).toEqual([]);
    });

    it('must exist', async () => {
      const state = await begin({ user: 'drover-no-such-user' });
      await expect(world.apply(state())).rejects.toMatchObject({ reaction: 'Invalid', code: 'noUser' });
    });
  });

  it.skipIf(geteuid?.() === ROOT)('takes root', async () => {
    const state = await begin();
    await expect(world.apply(state())).rejects.toMatchObject({ reaction: 'Invalid', code: 'notRoot' });
  });
});
