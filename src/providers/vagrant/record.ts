import { z } from 'zod';

/**
 * `machine.json`: one machine, written before Vagrant is run for it. Until it is `launched` it is the intent to bring it up; `broken` is one
 * whose launch has failed and of which something may be left.
 */
export const machineRecord = z.strictObject({
  fleet: z.string(),
  group: z.string(),
  instanceId: z.string(),
  /** By which the hypervisor knows it. */
  name: z.string(),
  vagrantProvider: z.enum(['virtualbox', 'libvirt', 'docker']),
  /** Of the private network that it has an address in; null where it has none. */
  network: z.string().nullable(),
  address: z.string().nullable(),
  /** Milliseconds since the epoch. */
  launchedAt: z.number(),
  state: z.enum(['launching', 'launched', 'broken']),
  /** For a person: why it is broken. */
  detail: z.string(),
});

export type MachineRecord = Readonly<z.infer<typeof machineRecord>>;

/** Ids name folders, machines of hypervisors and hosts. */
export function isUsableId(instanceId: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(instanceId);
}

/** By which a hypervisor knows a machine: nobody else's, because fleets and ids are nobody else's. */
export function machineName(fleet: string, instanceId: string): string {
  return `${fleet}-${instanceId}`;
}

const MAX_HOSTNAME_CHARACTERS = 63;

/** What the machine calls itself. */
export function hostname({ instanceId }: Pick<MachineRecord, 'instanceId'>): string {
  return instanceId
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, MAX_HOSTNAME_CHARACTERS)
    .replace(/-+$/, '');
}
