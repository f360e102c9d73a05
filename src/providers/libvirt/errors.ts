import { oneLine } from '../../base/quoted.ts';
import type { Reaction } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';

interface Rule {
  /** In what virsh, libvirt, QEMU or ssh complains of, in English. */
  readonly pattern: RegExp;
  readonly reaction: Reaction;
  readonly code: string;
  /** What a person does about it; empty where that is said already. */
  readonly remedy: string;
}

/** The first that matches. */
const RULES: readonly Rule[] = [
  {
    pattern:
      /permission denied \(|host key verification failed|authentication (?:unavailable|failed|cancelled)|access denied/i,
    reaction: 'Unauthorized',
    code: 'notAllowed',
    remedy:
      "give Drover's user the right to use libvirt there (the group libvirt, an ssh key, the host's key in known_hosts)",
  },
  {
    pattern: /failed to connect socket to .*permission denied/i,
    reaction: 'Unauthorized',
    code: 'notAllowed',
    remedy: "add Drover's user to the group libvirt",
  },
  {
    pattern:
      /failed to connect socket|unable to connect to server|cannot recv data|end of file while reading|connection (?:refused|reset|timed out)|no route to host|could not resolve|unable to resolve|broken pipe|client socket is closed|keepalive/i,
    reaction: 'Transient',
    code: 'unreachable',
    remedy: 'look whether libvirt runs there and is reached',
  },
  {
    pattern: /no space left on device|disk quota exceeded|not enough free space/i,
    reaction: 'NoCapacity',
    code: 'poolFull',
    remedy: 'make room in the storage pool',
  },
  {
    pattern: /cannot allocate memory|cannot set up guest memory|out of memory|not enough memory/i,
    reaction: 'NoCapacity',
    code: 'noMemory',
    remedy: 'the host has no more memory for a server of this size',
  },
  {
    pattern: /storage pool not found|storage pool .* is not active/i,
    reaction: 'Invalid',
    code: 'noPool',
    remedy: 'define and start the pool (virsh pool-start), or correct pool',
  },
  {
    pattern: /storage volume not found|failed to get vol/i,
    reaction: 'Invalid',
    code: 'noImage',
    remedy: 'put the base image into the pool and refresh it (virsh pool-refresh), or correct image',
  },
  {
    pattern: /network not found|network .* is not active/i,
    reaction: 'Invalid',
    code: 'noNetwork',
    remedy: 'define and start the network (virsh net-start), or correct network',
  },
  {
    pattern: /cannot get interface|no such device|unable to add bridge/i,
    reaction: 'Invalid',
    code: 'noBridge',
    remedy: 'make the bridge on the host, or correct bridge',
  },
  {
    pattern:
      /does not support virt type|could not access kvm|failed to initialize kvm|kvm.*not (?:available|supported)/i,
    reaction: 'Invalid',
    code: 'noKvm',
    remedy: 'write `virtualization: qemu`, or switch hardware virtualization on',
  },
  {
    pattern:
      /could not open (?:kernel|'|initrd)|cannot access (?:storage|backing) file|could not load (?:kernel|initrd)|failed to load/i,
    reaction: 'Invalid',
    code: 'noFile',
    remedy: 'put the file there for the user that runs QEMU, or correct its path',
  },
  {
    pattern: /unsupported configuration|unsupported machine type|xml error|invalid argument|unknown os type/i,
    reaction: 'Invalid',
    code: 'refused',
    remedy: 'correct the launch template',
  },
];

/** What virsh has complained of, by what it calls for. `what` is what was asked of which host. */
export function virshError(what: string, complaint: string): PortError {
  const said = oneLine(complaint.replace(/^error: /, ''));
  const rule = RULES.find(({ pattern }) => pattern.test(complaint));
  if (rule === undefined)
    return new PortError('Transient', 'virsh', `${what}: ${said === '' ? 'it has failed' : said}`);
  return new PortError(rule.reaction, rule.code, `${what}: ${said}; ${rule.remedy}`);
}

/** Whether it says that a domain is not there. */
export function isNoDomain(complaint: string): boolean {
  return /failed to get domain|domain not found/i.test(complaint);
}
