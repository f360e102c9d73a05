import { resolve } from 'node:path';
import { count } from '../../base/plural.ts';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { hostAddresses, overlap } from './addresses.ts';
import { readProviderSettings, type VagrantProvider, type VagrantSettings } from './settings.ts';
import { Vagrant } from './vagrant.ts';

/** Older ones print less with `--machine-readable`, and their docker provider has no private networks. */
const LEAST_VERSION = [2, 1] as const;

/** What answers at once where the hypervisor is reached. */
const PROBES: Readonly<Record<VagrantProvider, (settings: VagrantSettings) => readonly string[]>> = {
  docker: () => ['docker', 'version', '--format', '{{.Server.Version}}'],
  libvirt: ({ uri }) => ['virsh', '--quiet', '--connect', uri, 'list', '--name'],
  virtualbox: () => ['VBoxManage', '--version'],
};

/** Names of the interfaces that hypervisors themselves make for private networks. */
const PRIVATE_INTERFACE = /^(?:vboxnet|virbr|br-)/;

export async function diagnose(context: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const settings = readProviderSettings(context.settings);
  const vagrant = new Vagrant({ settings, folder: resolve(context.dataDir), clock: context.clock });
  const checks = [
    () => vagrantVersion(vagrant, signal),
    () => hypervisor(vagrant, settings, signal),
    () => plugin(vagrant, settings, signal),
    () => boxes(vagrant, settings, signal),
    () => Promise.resolve(network(settings)),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await attempt(check)));
  return findings;
}

async function attempt(check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    const { message } = asPortError(error);
    return [{ level: 'error', message, remedy: 'docs/providers/vagrant.md says what the provider needs.' }];
  }
}

async function vagrantVersion(vagrant: Vagrant, signal: AbortSignal): Promise<readonly Finding[]> {
  const version = await vagrant.version(signal);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
  if (!isOld) return [{ level: 'ok', message: `Vagrant ${version} is installed.`, remedy: null }];
  const least = LEAST_VERSION.join('.');
  return [
    { level: 'warning', message: `Vagrant ${version} is older than ${least}.`, remedy: `Install ${least} or later.` },
  ];
}

async function hypervisor(vagrant: Vagrant, settings: VagrantSettings, signal: AbortSignal) {
  const answer = await vagrant.tool(PROBES[settings.vagrantProvider](settings), signal);
  const version = settings.vagrantProvider === 'libvirt' ? '' : ` ${answer.trim()}`;
  return [ok(`${settings.vagrantProvider}${version} answers.`)];
}

async function plugin(vagrant: Vagrant, { vagrantProvider }: VagrantSettings, signal: AbortSignal) {
  if (vagrantProvider !== 'libvirt') return [];
  if ((await vagrant.plugins(signal)).includes('vagrant-libvirt')) return [ok('The plugin vagrant-libvirt is there.')];
  const remedy = 'Install it as the user that Drover runs as: vagrant plugin install vagrant-libvirt';
  return [{ level: 'error', message: 'Vagrant has no plugin vagrant-libvirt.', remedy } satisfies Finding];
}

async function boxes(vagrant: Vagrant, { vagrantProvider }: VagrantSettings, signal: AbortSignal) {
  if (vagrantProvider === 'docker') return [];
  const present = (await vagrant.boxes(signal)).filter(({ provider }) => provider === vagrantProvider);
  if (present.length > 0) return [ok(`${count(present.length, 'box', 'boxes')} for ${vagrantProvider}.`)];
  const remedy = `Add the one that the launch template names: vagrant box add NAME --provider ${vagrantProvider}`;
  return [{ level: 'warning', message: `There is no box for ${vagrantProvider}.`, remedy } satisfies Finding];
}

function network({ privateNetwork }: VagrantSettings): readonly Finding[] {
  if (privateNetwork === null) return [];
  const wanted = privateNetwork.network;
  const other = hostAddresses().find((one) => !PRIVATE_INTERFACE.test(one.name) && overlap(one.network, wanted));
  if (other === undefined) return [ok(`No other network of this host has addresses of ${wanted}.`)];
  const message = `${other.name} of this host is in ${other.network}, which has addresses of the private network ${wanted}.`;
  return [{ level: 'error', message, remedy: 'Choose another privateNetwork.' }];
}

function ok(message: string): Finding {
  return { level: 'ok', message, remedy: null };
}
