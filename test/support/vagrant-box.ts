import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GUEST, type LibvirtHost } from './libvirt-host.ts';
import { freeNetwork } from './vagrant-engine.ts';
import type { MachineHost } from './vagrant-world.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'vagrant-box.sh');

export const TINY_BOX = 'drover/tiny';

/** Where vagrant-libvirt makes machines: the small guest, emulated, of a box in a Vagrant home of the host's own. */
export async function virtualMachineHost(host: LibvirtHost, network = true): Promise<MachineHost> {
  const home = join(host.folder, 'vagrant');
  await run('sh', [SCRIPT, GUEST, host.folder]);
  const add = ['box', 'add', '--force', '--name', TINY_BOX, '--provider', 'libvirt', join(host.folder, 'tiny.box')];
  await run('vagrant', add, { env: { ...process.env, VAGRANT_HOME: home, VAGRANT_CHECKPOINT_DISABLE: '1' } });
  return {
    providerSettings: {
      vagrantProvider: 'libvirt',
      uri: host.uri,
      home,
      ...(network ? { privateNetwork: { network: `${freeNetwork(27)}.0/24` } } : {}),
    },
    template: {
      box: TINY_BOX,
      memory: '96MiB',
      cpus: 1,
      providerSettings: {
        management_network_name: 'drover-management',
        management_network_address: `${freeNetwork(28)}.0/24`,
      },
    },
    kill: (name) => host.kill(name),
    clear: () => host.clear(),
  };
}
