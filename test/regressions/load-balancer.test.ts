/** Failures that others have had with the load balancer, against the real HAProxy. */

import { readFile, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { Runtime } from '../../src/haproxy/runtime.ts';
import { HaproxyWorld } from '../support/haproxy-world.ts';
import { requires } from '../support/requires.ts';

const TIMEOUT_MS = 30_000;

requires('haproxy')('a load balancer', () => {
  let world: HaproxyWorld;
  beforeEach(async () => {
    world = await HaproxyWorld.make();
  });
  afterEach(() => world.end());

  /** What a person or a script does behind Drover's back. */
  async function meddle(...commands: readonly string[]): Promise<void> {
    const socket = createConnection(join(world.folder, 'runtime.sock'));
    socket.write(`${commands.join(';')}\n`);
    await text(socket);
  }

  it('cloudstack #9145, #9336, #9582: has the members of the group again, whatever was done to it', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [a, b, undeclared] = [await world.server('a'), await world.server('b'), await world.server('undeclared')];
    const desired = world.state([a.member(), b.member()]);
    await world.apply(desired);
    await world.untilHealth('a', 'healthy');
    await world.untilHealth('b', 'healthy');
    const { port } = undeclared.member().endpoint;
    await meddle(
      'set server hello/a state maint',
      `add server hello/undeclared 127.0.0.1:${port} weight 100`,
      'enable server hello/undeclared',
    );
    expect(await world.answerers(10)).toContain('undeclared');
    expect(await world.apply(desired)).toEqual([]);
    await world.untilHealth('a', 'healthy');
    expect(await world.answerers(20)).toEqual(['a', 'b']);
    await world.untilHealth('undeclared', 'absent');
  });

  it('dataplaneapi #351, #392, #328, kubernetes-ingress #514: takes members in and out without a reload', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const servers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => world.server(name)));
    await world.apply(world.state([]));
    const before = await world.pids();
    for (let round = 0; round < 10; round += 1) {
      const members = servers.filter((_, index) => (index + round) % 3 > 0).map((server) => server.member());
      expect(await world.apply(world.state(members))).toEqual([]);
    }
    await world.apply(world.state(servers.map((server) => server.member())));
    for (const name of ['a', 'b', 'c', 'd', 'e']) await world.untilHealth(name, 'healthy');
    // Their counts are lost with a process: the same one is still there.
    expect(await world.pids()).toEqual(before);
  });

  it('haproxy #1387, #1412, #2506, #3296: believes its configuration, not a server state file that is out of date', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [old, now] = [await world.server('old'), await world.server('now')];
    const member = old.member({ instanceId: 'a' });
    await world.apply(world.state([member]));
    await world.untilHealth('a', 'healthy');
    const stateFile = join(world.folder, 'servers.state');
    await world.until('the file has it', async () => (await readFile(stateFile, 'utf8')).includes(' a 127.0.0.1 2 '));
    const stale = await readFile(stateFile, 'utf8');
    await world.crash();
    await writeFile(stateFile, stale);
    const events = await world.apply(world.state([{ ...member, endpoint: now.member().endpoint }]));
    expect(events.at(-1)).toMatchObject({ kind: 'start' });
    await world.untilHealth('a', 'healthy');
    expect(await world.answerers(10)).toEqual(['now']);
  });

  it('haproxy #918: gives no request to a server that was never checked, also after a reload', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [good, bad] = [await world.server('good'), await world.server('bad')];
    bad.healthy = false;
    const members = [good.member(), bad.member({ proven: false })];
    await world.apply(world.state(members));
    await world.untilHealth('good', 'healthy');
    const events = await world.apply(world.state(members, { slowStartMs: 30_000 }));
    expect(events).toMatchObject([{ kind: 'reload' }]);
    expect(await world.answerers(20)).toEqual(['good']);
  });

  it('haproxy #2323: lets go of a server whose requests are still open as soon as they are not', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [a, b] = [await world.server('a'), await world.server('b')];
    await world.apply(world.state([a.member()]));
    await world.untilHealth('a', 'healthy');
    const open = world.get('/held');
    const response = await a.held.promise;
    const execute = vi.spyOn(Runtime.prototype, 'execute');
    onTestFinished(() => execute.mockRestore());
    await world.apply(world.state([b.member()]));
    // Refused at first, and nothing else has to wait for it.
    await world.untilHealth('b', 'healthy');
    await world.untilHealth('a', 'unavailable');
    await meddle('del server hello/a');
    await world.untilHealth('a', 'unavailable');
    const asked = () => execute.mock.calls.flatMap(([commands]) => commands.map(({ words }) => words[0]));
    await expect.poll(asked).toContain('del');
    response.end('finished');
    expect(await open).toBe('finished');
    await world.untilHealth('a', 'absent');
    expect(await world.answerers(5)).toEqual(['b']);
  });
});
