import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { launchRequest } from '../../support/launch-request.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { requires } from '../../support/requires.ts';
import { networksOf, virtualMachineHost } from '../../support/vagrant-box.ts';
import { type MachineHost, VagrantWorld } from '../../support/vagrant-world.ts';

/** Machines that are emulated boot as slowly as the host is busy. */
const PATIENCE = { timeout: 60_000 };

requires('libvirt')('vagrant-libvirt with QEMU', () => {
  requires('vagrant')('by the vagrant provider', () => {
    const { signal } = new AbortController();
    let libvirt: LibvirtHost;
    let host: MachineHost;
    let world: VagrantWorld;
    let provider: Provider;

    beforeAll(async () => {
      libvirt = await LibvirtHost.start();
      host = await virtualMachineHost(libvirt);
    });
    beforeEach(async () => {
      world = await VagrantWorld.make(host);
      provider = await world.open('shop');
    });
    afterEach(() => world.dispose());
    afterAll(() => libvirt.dispose());

    const launch = (id: string, more: JsonObject = {}, by = provider) =>
      by.launch(launchRequest(id, { settings: world.template(more) }), signal);
    const ask = async (address = '', path = '/') => (await fetch(`http://${address}${path}`)).text();
    const gone = (id: string, by = provider) =>
      expect
        .poll(
          () =>
            by.terminate(id, signal).then(
              () => null,
              (error: unknown) => error,
            ),
          PATIENCE,
        )
        .toMatchObject({ reaction: 'NotFound' });
    const nothingIsLeft = async () => {
      expect(await libvirt.domains()).toEqual([]);
      expect(await networksOf(libvirt)).toEqual([]);
      expect((await libvirt.volumes()).filter((name) => name.startsWith('shop-'))).toEqual([]);
      expect(await world.machines()).toEqual([]);
    };

    it('launches two at a time, prepares them, sees one that was killed, and leaves nothing', async () => {
      const provision = [
        { inline: '#!/bin/sh\necho "$1 of $2" >/www/who\n', args: ['{{ drover.instanceId }}', '{{ drover.fleet }}'] },
      ];
      const userData = { text: '#!/bin/sh\necho "first for {{ drover.group }}" >/www/first\n' };
      const machines = await Promise.all(['i-1', 'i-2'].map((id) => launch(id, { provision, userData })));
      const [first, second] = machines;
      expect(machines.map(({ state }) => state)).toEqual(['running', 'running']);
      expect(first?.addresses).not.toEqual(second?.addresses);
      expect(await ask(first?.addresses[0], '/who')).toBe('i-1 of shop\n');
      expect(await ask(second?.addresses[0], '/who')).toBe('i-2 of shop\n');
      expect(await ask(second?.addresses[0], '/first')).toBe('first for web\n');
      // What prepared it may hold secrets.
      expect((await readdir(join(world.dataDir, 'i-1'))).filter((name) => name.endsWith('.sh'))).toEqual([]);

      await host.kill('shop-i-1');
      const stopped = { instanceId: 'i-1', state: 'stopped', detail: 'the domain is shut off after a crash' };
      await expect.poll(async () => (await provider.list(signal)).machines[0], PATIENCE).toMatchObject(stopped);
      expect(await launch('i-1')).toMatchObject({ state: 'stopped' });
      await Promise.all([gone('i-1'), gone('i-2')]);
      await nothingIsLeft();
    });

    it('has the address of the management network where there is no private one', async () => {
      const { privateNetwork, ...others } = world.host.providerSettings;
      expect(privateNetwork).toBeDefined();
      const other = await VagrantWorld.make({ ...host, providerSettings: others });
      const plain = await other.open('shop');
      const [machine] = [await launch('i-1', {}, plain)];
      const address = machine?.addresses[0];
      expect(address).toMatch(/^172\.29\./);
      await expect.poll(() => ask(address, '/health'), PATIENCE).toBe('ok\n');
      expect((await plain.list(signal)).machines).toMatchObject([{ state: 'running', addresses: [address] }]);
      await gone('i-1', plain);
      await other.dispose();
    });

    it('removes a server whose preparation fails, and says what it printed last', async () => {
      const provision = [{ inline: '#!/bin/sh\necho "no such package, sorry"\nexit 3\n' }];
      const error = await launch('i-1', { provision }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ reaction: 'Transient', code: 'provisioning' });
      expect(error).toMatchObject({ message: expect.stringContaining('no such package, sorry') });
      await nothingIsLeft();
    });

    it('cleans up after a controller that was killed while a disk was there and no domain', async () => {
      await libvirt.virsh('vol-create-as', 'default', 'shop-i-1.img', '1MiB', '--format', 'qcow2');
      await expect(launch('i-1')).rejects.toMatchObject({ reaction: 'Transient' });
      expect((await libvirt.volumes()).filter((name) => name.startsWith('shop-'))).toEqual([]);
      expect(await launch('i-1')).toMatchObject({ state: 'running' });
      await gone('i-1');
      await nothingIsLeft();
    });

    it('says which box is missing, and how to add it', async () => {
      const error = await launch('i-1', { box: 'debian/none' }).catch((reason: unknown) => reason);
      const message = expect.stringContaining('vagrant box add debian/none --provider libvirt');
      expect(error).toMatchObject({ reaction: 'Invalid', code: 'noBox', message });
    });

    it('is examined by drover doctor', async () => {
      expect(await world.diagnose()).toMatchObject([
        { level: 'ok' },
        { level: 'ok', message: 'libvirt answers.' },
        { level: 'ok', message: 'The plugin vagrant-libvirt is there.' },
        { level: 'ok', message: '1 box for libvirt.' },
        { level: 'ok' },
      ]);
    });
  });
});
