import { readFile } from 'node:fs/promises';
import { whyFailed } from '../../base/run-program.ts';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { usableMemory } from './room.ts';
import { hostsOf } from './settings.ts';
import { Virsh } from './virsh.ts';

const MIB = 1024 * 1024;
/** With less of its pool left, a host has room for few servers. */
const LOW_POOL_SHARE = 0.1;
const LOW_MEMORY_BYTES = 512 * MIB;
const BRIDGE_FILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/** Looks at each host: whether it is reached, and what servers need there. */
export async function diagnose({ settings, clock }: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const host of hostsOf(settings)) findings.push(...(await findingsOn(new Virsh(host, clock), signal)));
  return [...findings, ...(await bridgeFindings())];
}

async function findingsOn(virsh: Virsh, signal: AbortSignal): Promise<readonly Finding[]> {
  try {
    const version = await virsh.run(['version'], signal);
    const running = /^Running hypervisor: (.*)$/m.exec(version)?.[1] ?? 'a hypervisor';
    const reached = ok(
      `${virsh.where} is reached, with ${running} and ${/^Using library: (.*)$/m.exec(version)?.[1] ?? 'libvirt'}.`,
    );
    return [
      reached,
      await virtualization(virsh, signal),
      await memory(virsh, signal),
      ...(await networks(virsh, signal)),
      ...(await pools(virsh, signal)),
    ];
  } catch (error) {
    const { message } = asPortError(error);
    return [
      {
        level: 'error',
        message: `${virsh.where} cannot be used: ${message}`,
        remedy: 'Mend that; until then its servers are not seen.',
      },
    ];
  }
}

async function virtualization(virsh: Virsh, signal: AbortSignal): Promise<Finding> {
  const end = await virsh.tried(['domcapabilities', '--virttype', 'kvm'], signal);
  if (whyFailed(end) === null) return ok(`${virsh.where} has hardware virtualization (kvm).`);
  const remedy =
    'Switch virtualization on in the firmware or for the virtual machine that the host is, and load the module kvm_intel or kvm_amd.';
  return warning(`${virsh.where} has no hardware virtualization: servers are emulated, and slow.`, remedy);
}

async function memory(virsh: Virsh, signal: AbortSignal): Promise<Finding> {
  const bytes = usableMemory(await virsh.run(['nodememstats'], signal));
  const said = `${virsh.where} has ${Math.floor(bytes / MIB)} MiB of memory left for servers.`;
  return bytes < LOW_MEMORY_BYTES ? warning(said, 'Free memory, or run servers elsewhere.') : ok(said);
}

/** What `virsh net-list` and `pool-list` print: a name, a state and more, in columns. */
function rows(text: string): readonly (readonly string[])[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim().split(/\s{2,}/)]));
}

async function networks(virsh: Virsh, signal: AbortSignal): Promise<readonly Finding[]> {
  const all = rows(await virsh.run(['net-list', '--all'], signal));
  if (all.length === 0) return [ok(`${virsh.where} has no network of libvirt's; launch templates name a bridge.`)];
  return all.map(([name = '', state]) =>
    state === 'active'
      ? ok(`The network ${name} on ${virsh.where} is active.`)
      : warning(
          `The network ${name} on ${virsh.where} is not active.`,
          `Run \`virsh net-start ${name}\` and \`virsh net-autostart ${name}\` there.`,
        ),
  );
}

async function pools(virsh: Virsh, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [name = '', state] of rows(await virsh.run(['pool-list', '--all'], signal))) {
    if (state !== 'active') {
      findings.push(
        warning(`The storage pool ${name} on ${virsh.where} is not active.`, `Run \`virsh pool-start ${name}\` there.`),
      );
      continue;
    }
    const info = await virsh.run(['pool-info', '--bytes', name], signal);
    const bytes = (key: string) => Number(new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);
    const [size, left] = [bytes('Capacity'), bytes('Available')];
    const said = `The storage pool ${name} on ${virsh.where} has ${Math.floor(left / MIB)} MiB of ${Math.floor(size / MIB)} MiB left.`;
    findings.push(
      left < size * LOW_POOL_SHARE
        ? warning(said, 'Make room in it: disks of servers grow as they are written to.')
        : ok(said),
    );
  }
  return findings;
}

/** Of this host alone; where it cannot be read there is no bridge whose traffic is filtered. */
async function bridgeFindings(): Promise<readonly Finding[]> {
  const isFiltered = await readFile(BRIDGE_FILTER, 'utf8').then(
    (text) => text.trim() === '1',
    () => false,
  );
  if (!isFiltered) return [];
  const message =
    "This host's firewall also filters traffic inside of bridges (bridge-nf-call-iptables); Docker's rules drop it.";
  return [
    warning(
      message,
      'Where servers on one bridge cannot reach each other, accept it: `iptables -I FORWARD -i BRIDGE -o BRIDGE -j ACCEPT`.',
    ),
  ];
}

function ok(message: string): Finding {
  return { level: 'ok', message, remedy: null };
}

function warning(message: string, remedy: string): Finding {
  return { level: 'warning', message, remedy };
}
