import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freeNetwork } from './free-network.ts';
import { GUEST, type LibvirtHost } from './libvirt-host.ts';
import type { MachineHost } from './vagrant-world.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'vagrant-box.sh');
const HOSTS_OWN = /^(?:servers|taken-.*)?$/;

const TINY_BOX = 'drover/tiny';

/** Where vagrant-libvirt makes machines: the small guest, emulated, of a box in a Vagrant home of the host's own. */
export async function virtualMachineHost(host: LibvirtHost): Promise<MachineHost> {
  const home = join(host.folder, 'vagrant');
  await run('sh', [SCRIPT, GUEST, host.folder]);
  const add = ['box', 'add', '--force', '--name', TINY_BOX, '--provider', 'libvirt', join(host.folder, 'tiny.box')];
  await run('vagrant', add, { env: { ...process.env, VAGRANT_HOME: home, VAGRANT_CHECKPOINT_DISABLE: '1' } });
  await keepBridgesAway(host);
  const [, management = ''] = /address='([0-9.]+)\.1'/.exec(await host.virsh('net-dumpxml', 'servers')) ?? [];
  return {
    providerSettings: {
      vagrantProvider: 'libvirt',
      uri: host.uri,
      home,
      privateNetwork: { network: `${freeNetwork(27)}.0/24` },
    },
    template: {
      box: TINY_BOX,
      memory: '96MiB',
      cpus: 1,
      providerSettings: {
        management_network_name: 'servers',
        management_network_address: `${management}.0/24`,
        management_network_keep: true,
      },
    },
    kill: (name) => host.kill(name),
    clear: async () => {
      await host.clear();
      const volumes = (await host.volumes()).filter((name) => !name.includes('_vagrant_box_image_'));
      for (const volume of volumes) await host.virsh('vol-delete', '--pool', 'default', volume);
      for (const name of await networksOf(host)) {
        await host.virsh('net-destroy', name);
        await host.virsh('net-undefine', name);
      }
    },
  };
}

/** The networks that are not the host's own. */
export async function networksOf(host: LibvirtHost): Promise<readonly string[]> {
  const names = (await host.virsh('net-list', '--all', '--name')).split('\n').map((line) => line.trim());
  return names.filter((name) => !HOSTS_OWN.test(name));
}

/** vagrant-libvirt names a bridge by what its own libvirt knows. What another one on this machine has, this one is told of. */
async function keepBridgesAway(host: LibvirtHost): Promise<void> {
  const taken = (await readdir('/sys/class/net')).filter((name) => name.startsWith('virbr'));
  for (const bridge of taken) {
    const file = join(host.folder, `${bridge}.xml`);
    await writeFile(file, `<network><name>taken-${bridge}</name><bridge name='${bridge}'/></network>`);
    await host.virsh('net-define', file);
  }
}
