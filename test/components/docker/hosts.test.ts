import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { DockerEngine } from '../../support/docker-engine.ts';
import { DockerWorld } from '../../support/docker-world.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

requires('docker')('several engines', () => {
  const { signal } = new AbortController();
  let engines: readonly [DockerEngine, DockerEngine];
  let world: DockerWorld;
  let provider: Provider;

  beforeAll(async () => {
    engines = [await DockerEngine.start(), await DockerEngine.start()];
    world = new DockerWorld(engines);
    provider = await world.open('shop');
  });

  afterAll(async () => {
    for (const engine of engines) engine.resume();
    await world.dispose();
    for (const engine of engines) await engine.dispose();
  });

  const launch = (id: string, zone: string) =>
    provider.launch(launchRequest(id, { settings: world.settings, placement: { zone, instanceType: null } }), signal);
  const list = () => provider.list(signal);

  it('are zones: one that is cut off is named, its machines are not listed, and come back', async () => {
    const a = await launch('i-1', 'a');
    const b = await launch('i-2', 'b');
    expect([a.zone, b.zone]).toEqual(['a', 'b']);
    expect((await list()).machines.map(({ id }) => id).toSorted()).toEqual(['a:drover.shop.i-1', 'b:drover.shop.i-2']);

    // It does not answer.
    engines[1].suspend();
    const seen = await list();
    expect(seen.machines.map(({ zone }) => zone)).toEqual(['a']);
    expect(seen.unseenZones.get('b')).toMatch(/host b .*no answer/);
    expect((await launch('i-3', 'a')).zone).toBe('a');
    engines[1].resume();
    await expect.poll(async () => (await list()).unseenZones.size).toBe(0);
    expect((await list()).machines.find(({ zone }) => zone === 'b')).toMatchObject({ state: 'running' });

    // It has ended, and its containers with it.
    await engines[1].stopDaemon();
    expect((await list()).unseenZones.get('b')).toMatch(/host b .*cannot be reached/);
    await expect(provider.terminate(b.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
    await expect(launch('i-4', 'b')).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });
    await engines[0].stopDaemon();
    await expect(list()).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });

    for (const engine of engines) await engine.startDaemon();
    const back = await list();
    expect(back.unseenZones.size).toBe(0);
    expect(back.machines.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    for (const { id } of back.machines) await terminated(provider, id);
    expect([...(await engines[0].containers()), ...(await engines[1].containers())]).toEqual([]);
  });

  it('follow events again after they were cut off', async () => {
    let calls = 0;
    const stop = provider.watch(() => {
      calls += 1;
    });
    await engines[0].stopDaemon();
    await engines[0].startDaemon();
    const machine = await launch('i-5', 'a');
    await expect.poll(() => calls).toBeGreaterThan(0);
    // Connected again, it was called for that; what follows are events.
    await expect
      .poll(async () => {
        const before = calls;
        await engines[0].docker('pause', 'drover.shop.i-5');
        await engines[0].docker('unpause', 'drover.shop.i-5');
        return calls > before;
      })
      .toBe(true);
    stop();
    await terminated(provider, machine.id);
  });

  it('are named where a launch asks for one that there is not', async () => {
    await expect(launch('i-6', 'c')).rejects.toMatchObject({ reaction: 'Invalid', code: 'noHost' });
  });
});
