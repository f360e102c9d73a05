import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { LibvirtWorld, settings } from '../../support/libvirt-world.ts';
import { terminated } from '../../support/process-world.ts';
import { requires } from '../../support/requires.ts';
import { SshGate } from '../../support/ssh-gate.ts';

const BASE = 'base.qcow2';

requires('libvirt')('several libvirt hosts', () => {
  requires('sshd')('of which one is reached by ssh', () => {
    const { signal } = new AbortController();
    let hosts: readonly [LibvirtHost, LibvirtHost];
    let gate: SshGate;
    let world: LibvirtWorld;
    let provider: Provider;

    beforeAll(async () => {
      hosts = [await LibvirtHost.start(), await LibvirtHost.start(1)];
      await hosts[1].addBaseImage(BASE);
      gate = await SshGate.open();
      world = await LibvirtWorld.make(...hosts);
      provider = await world.open('shop', { hosts: { a: { uri: hosts[0].uri }, b: { uri: gate.uriOf(hosts[1]) } } });
    });

    afterAll(async () => {
      await world.dispose();
      for (const host of hosts) await host.dispose();
      await gate.dispose();
    });

    const list = () => provider.list(signal);
    const launch = (id: string, zone: string, written: JsonObject = {}) => {
      const placement = { zone, instanceType: null };
      return provider.launch(
        launchRequest(id, { settings: settings({ stopTimeout: '1s', ...written }), placement }),
        signal,
      );
    };

    it('are zones: one that is cut off is named, its machines are not listed, and come back as they were', async () => {
      let events = 0;
      const stop = provider.watch(() => {
        events += 1;
      });
      const a = await launch('i-1', 'a');
      const b = await launch('i-2', 'b', { image: BASE, userData: { text: 'hello' } });
      expect([a.zone, b.zone]).toEqual(['a', 'b']);
      expect((await list()).machines.map(({ id }) => id).toSorted()).toEqual([
        'a:drover-shop-i-1',
        'b:drover-shop-i-2',
      ]);
      expect(await hosts[1].volumes()).toHaveLength(3);

      // The host's only address is given out as soon as its machine asks for it.
      const addresses = async () => (await list()).machines.find(({ zone }) => zone === 'b')?.addresses;
      await expect.poll(addresses, { timeout: 60_000 }).toHaveLength(1);
      await expect(launch('i-3', 'b')).rejects.toMatchObject({ reaction: 'NoCapacity', code: 'noAddress' });

      await gate.close();
      const seen = await list();
      expect(seen.machines.map(({ zone }) => zone)).toEqual(['a']);
      expect(seen.unseenZones.get('b')).toMatch(/host b .*Connection refused/);
      await expect(provider.terminate(b.id, signal)).rejects.toMatchObject({ reaction: 'Transient' });
      await expect(launch('i-4', 'b')).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });

      await hosts[0].stopDaemon();
      await expect(list()).rejects.toMatchObject({ reaction: 'Transient', code: 'unreachable' });

      await hosts[0].startDaemon();
      await gate.open();
      const back = await list();
      expect(back.unseenZones.size).toBe(0);
      expect(back.machines.map(({ state }) => state)).toEqual(['running', 'running']);

      // The events come back by themselves, from both.
      const before = events;
      await hosts[1].kill('drover-shop-i-2');
      await expect.poll(() => events).toBeGreaterThan(before);
      stop();
      for (const { id } of back.machines) await terminated(provider, id);
      expect([...(await hosts[0].domains()), ...(await hosts[1].domains())]).toEqual([]);
      expect(await hosts[1].volumes()).toEqual([BASE]);
    });

    it('are named where a launch asks for one that there is not', async () => {
      await expect(launch('i-5', 'c')).rejects.toMatchObject({ reaction: 'Invalid', code: 'noHost' });
    });
  });
});
