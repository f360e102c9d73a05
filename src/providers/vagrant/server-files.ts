import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import type { UserDataSettings } from '../../settings/user-data.ts';
import { renderUserData } from '../user-data.ts';
import { networkOf } from './addresses.ts';
import { FLEET_LABEL } from './docker.ts';
import type { MachineFolders } from './machine-folders.ts';
import { hostname, type MachineRecord } from './record.ts';
import type { MachineSettings, Step, VagrantSettings } from './settings.ts';
import { type ServerDescription, VAGRANTFILE } from './vagrantfile.ts';

/** Vagrant copies it to the server by ssh. */
const MAX_SCRIPT_BYTES = 1024 * 1024;

/** What Vagrant reads to bring a machine up: the Vagrantfile, what it says, and the scripts, which may hold secrets. */
export async function writeServerFiles(
  folders: MachineFolders,
  record: MachineRecord,
  request: LaunchRequest,
  settings: { readonly machine: MachineSettings; readonly provider: VagrantSettings },
): Promise<ServerDescription> {
  const { instanceId, fleet } = record;
  const fill = (script: UserDataSettings) => renderUserData(script, { fleet, request, maxBytes: MAX_SCRIPT_BYTES });
  const { userData, provision } = settings.machine;
  const first: Step[] = userData === null ? [] : [{ script: userData, args: [], privileged: true }];
  const steps: ServerDescription['provision'][number][] = [];
  for (const { script, args, privileged } of [...first, ...provision]) {
    const file = `provision-${steps.length + 1}.sh`;
    const filled = await Promise.all(args.map((text) => fill({ text, file: null, secrets: {} })));
    const content = await fill(script);
    if (steps.length < first.length && !content.startsWith('#!')) {
      const message = 'the user data is run as a script, and does not begin with #!; cloud-init has no part in Vagrant';
      throw new PortError('Invalid', 'userData', message);
    }
    await folders.writeFile(instanceId, file, content);
    steps.push({ file, args: filled, privileged });
  }
  const { machine, provider } = settings;
  const description: ServerDescription = {
    name: record.name,
    hostname: hostname(record),
    provider: provider.vagrantProvider,
    box: machine.box,
    boxVersion: machine.boxVersion,
    memoryMib: machine.memoryMib,
    cpus: machine.cpus,
    network: networkFor(record),
    provision: steps,
    uri: provider.uri,
    labels: {
      [FLEET_LABEL]: fleet,
      'drover.vagrant.group': record.group,
      'drover.vagrant.instance': instanceId,
    },
    providerSettings: machine.providerSettings,
  };
  await writeDescription(folders, instanceId, description);
  await folders.writeFile(instanceId, 'Vagrantfile', VAGRANTFILE);
  return description;
}

/** What prepares a server is used once, and may hold secrets. Vagrant wants to see all that it is told of, also when it destroys. */
export async function removeScripts(
  folders: MachineFolders,
  instanceId: string,
  description: ServerDescription,
): Promise<void> {
  await writeDescription(folders, instanceId, { ...description, provision: [] });
  for (const { file } of description.provision) await folders.removeFile(instanceId, file);
}

async function writeDescription(folders: MachineFolders, instanceId: string, description: ServerDescription) {
  await folders.writeFile(instanceId, 'server.json', `${JSON.stringify(description, null, 2)}\n`);
}

/** Vagrant's docker provider takes the length of the network's prefix, the others a netmask. */
function networkFor({ address, network, vagrantProvider }: MachineRecord): ServerDescription['network'] {
  if (address === null || network === null) return null;
  const { netmask, suffix } = networkOf(network);
  return { address, netmask: vagrantProvider === 'docker' ? suffix : netmask };
}
