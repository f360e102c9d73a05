import { afterAll, beforeAll } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { LibvirtHost } from '../../support/libvirt-host.ts';
import { LibvirtWorld } from '../../support/libvirt-world.ts';
import { requires } from '../../support/requires.ts';

requires('libvirt')('libvirt with QEMU', () => {
  let host: LibvirtHost;

  beforeAll(async () => {
    host = await LibvirtHost.start();
  });

  afterAll(() => host.dispose());

  describeProviderConformance('libvirt', () => LibvirtWorld.make(host));
});
