import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { providerSettingsSchema, readProviderSettings, readSettings, settingsSchema } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-vagrant-settings-'));
writeFileSync(join(folder, 'provision.sh'), '#!/bin/sh\necho {{ drover.instanceId }}\n');
writeFileSync(join(folder, 'wrong.sh'), 'echo {{ drover.instance }}\n');
const schema = settingsSchema(folder);
const providers = providerSettingsSchema(folder);

describe('settingsSchema', () => {
  it('gives what readSettings accepts', () => {
    const settings = schema.parse({
      box: 'debian/bookworm64',
      memory: '512MiB',
      cpus: 1,
      userData: { text: '#!/bin/sh\n' },
      provision: [
        { path: 'provision.sh', args: ['{{ drover.zone }}'] },
        { inline: 'true', privileged: false },
      ],
      providerSettings: { linked_clone: true, customize: [['modifyvm', ':id', '--audio', 'none']] },
    });
    expect(readSettings(settings)).toEqual(settings);
    expect(settings).toMatchObject({ memoryMib: 512, provision: [{ script: { text: null } }, { privileged: false }] });
  });

  it.each([
    [{ box: '../box' }, ['box']],
    [{ memory: '1MiB' }, ['memory']],
    [{ cpus: 0 }, ['cpus']],
    [{ userData: { text: '#cloud-config\n' } }, ['userData', 'text']],
    [{ provision: [{}] }, ['provision', 0]],
    [{ provision: [{ path: 'a', inline: 'b' }] }, ['provision', 0]],
    [{ provision: [{ path: 'missing.sh' }] }, ['provision', 0, 'path']],
    [{ provision: [{ path: 'wrong.sh' }] }, ['provision', 0, 'path']],
    [{ provision: [{ inline: '{{ drover.secrets.X }}' }] }, ['provision', 0, 'inline']],
    [{ provision: [{ inline: 'true', args: 'one two' }] }, ['provision', 0, 'args']],
    [{ providerSettings: { name: 'web' } }, ['providerSettings', 'name']],
    [{ providerSettings: { 'send("x")': 1 } }, ['providerSettings', 'send("x")']],
    [{ providerSettings: { env: { A: { B: 1 } } } }, ['providerSettings', 'env']],
    [{ synced_folder: '.' }, []],
  ])('refuses %j', (written, path) => {
    const result = schema.safeParse(written);
    expect(result.error?.issues.map((issue) => issue.path)).toEqual([path]);
  });
});

describe('providerSettingsSchema', () => {
  it('gives what readProviderSettings accepts', () => {
    const settings = providers.parse({
      vagrantProvider: 'libvirt',
      home: 'vagrant',
      privateNetwork: { network: '10.9.8.7/24' },
    });
    expect(readProviderSettings(settings)).toEqual(settings);
    expect(settings).toMatchObject({
      home: join(folder, 'vagrant'),
      uri: 'qemu:///system',
      privateNetwork: { network: '10.9.8.0/24', from: '10.9.8.10', to: '10.9.8.254' },
    });
  });

  it('gives VirtualBox the network that it allows, and others none', () => {
    expect(providers.parse({})).toMatchObject({ privateNetwork: { network: '192.168.56.0/24' } });
    expect(providers.parse({ vagrantProvider: 'docker' })).toMatchObject({ privateNetwork: null });
  });

  it.each([
    [{ vagrantProvider: 'vmware' }, ['vagrantProvider']],
    [{ uri: 'qemu:///system' }, ['uri']],
    [{ vagrantProvider: 'docker', dockerHost: '/var/run/docker.sock' }, ['dockerHost']],
    [{ dockerHost: 'unix:///x' }, ['dockerHost']],
    [{ privateNetwork: { network: '10.0.0.0' } }, ['privateNetwork', 'network']],
    [{ privateNetwork: { network: '10.0.0.0/30' } }, ['privateNetwork', 'network']],
    [{ privateNetwork: { network: '10.0.0.0/24', from: '10.0.1.1' } }, ['privateNetwork', 'from']],
    [{ privateNetwork: { network: '10.0.0.0/24', from: '10.0.0.1' } }, ['privateNetwork', 'from']],
    [{ privateNetwork: { network: '10.0.0.0/24', to: '10.0.0.255' } }, ['privateNetwork', 'to']],
    [{ privateNetwork: { network: '10.0.0.0/24', from: '10.0.0.9', to: '10.0.0.8' } }, ['privateNetwork', 'to']],
  ])('refuses %j', (written, path) => {
    const result = providers.safeParse(written);
    expect(result.error?.issues.map((issue) => issue.path)).toEqual([path]);
  });
});
