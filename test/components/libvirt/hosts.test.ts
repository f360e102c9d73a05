import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Provider } from '../../../src/ports/provider.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { LibvirtWorld } from '../../support/libvirt-world.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';

requires('libvirt')('several libvirt hosts', () => {
  const { signal } = new AbortController();
  let hosts: readonly [LibvirtHost, LibvirtHost];
  let world: LibvirtWorld;
  let provider: Provider;

  beforeAll(async () => {
    hosts = [await LibvirtHost.start(), await LibvirtHost.start(1)];
    world = await LibvirtWorld.make(...hosts);
    provider = await world.open('shop');
  });

  afterAll(async () => {
    await world.dispose();
    for (const host of hosts) await host.dispose();
  });

  const launch = (id: string, zone: string) =>
    provider.launch(launchRequest(id, { settings: world.settings, placement: { zone, instanceType: null } }), signal);

  it('are zones: one that is cut off is named, its machines are not listed, and come back as they were', async () => {
    const a = await launch('i-1', 'a');
    const b = await launch('i-2', 'b');
    expect([a.zone, b.zone]).toEqual(['a', 'b']);
    const list = () => provider.list(signal);
    expect((await list()).machines.map(({ id }) => id).toSorted()).toEqual(['a:drover-shop-i-1', 'b:drover-shop-i-2']);

    // The host's only address is given out as soon as its machine asks for it.
    await expect
      .poll(async () => (await list()).machines.find(({ zone }) => zone === 'b')?.addresses, { timeout: 60_000 })
      .toHaveLength(1);
    await expect(launch('i-3', 'b')).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'noAddress' });

    await hosts[1].stopDaemon();
    const seen = await list();
    expect(seen.machines.map(({ zone }) => zone)).toEqual(['a']);
    expect([...seen.unseenZones.keys()]).toEqual(['b']);
    expect(seen.unseenZones.get('b')).toMatch(/host b .*Failed to connect socket/);
    await expect(provider.terminate(b.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
    await expect(launch('i-4', 'b')).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });

    await hosts[0].stopDaemon();
    await expect(list()).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });

    for (const host of hosts) await host.startDaemon();
    const back = await list();
    expect(back.unseenZones.size).toBe(0);
    expect(back.machines.map(({ state }) => state)).toEqual(['running', 'running']);
    for (const { id } of back.machines) await terminated(provider, id);
    expect([...(await hosts[0].domains()), ...(await hosts[1].domains())]).toEqual([]);
  });

  it('are named where a launch asks for one that there is not', async () => {
    await expect(launch('i-5', 'c')).rejects.toMatchObject({ reaction: 'Invalid', code: 'noHost' });
  });
});
