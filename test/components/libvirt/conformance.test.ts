import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { LibvirtWorld } from '../../support/libvirt-world.ts';
import { requires } from '../../support/requires.ts';

requires('libvirt')('libvirt with QEMU', () => {
  let hosts: readonly LibvirtHost[] = [];

  beforeAll(async () => {
    hosts = [await LibvirtHost.start(), await LibvirtHost.start()];
  });

  afterAll(async () => {
    for (const host of hosts) await host.dispose();
  });

  describeProviderConformance('libvirt', () => LibvirtWorld.make(...hosts));
});
