/** How a virtual machine and what belongs to it carry what Drover knows them by: tags, and names. */

import type { LaunchRequest } from '../../ports/provider.ts';
import { machineName } from '../machine-name.ts';

const FLEET = 'drover-fleet';
const GROUP = 'drover-group';
const INSTANCE = 'drover-instance-id';
const LAUNCHED_AT = 'drover-launched-at';
const ZONE = 'drover-zone';
const ADDRESS = 'drover-address';

type AzureTags = Readonly<Record<string, string>>;

export interface Tags {
  readonly group: string;
  readonly instanceId: string;
  readonly launchedAt: number;
  /** Where it was asked for; null where Azure chose. */
  readonly zone: string | null;
  /** Where HAProxy reaches it. */
  readonly address: 'private' | 'public';
}

export function azureTags(
  fleet: string,
  { group, instanceId, launchedAt, zone, address }: Tags,
): Record<string, string> {
  return {
    [FLEET]: fleet,
    [GROUP]: group,
    [INSTANCE]: instanceId,
    [LAUNCHED_AT]: new Date(launchedAt).toISOString(),
    ...(zone === null ? {} : { [ZONE]: zone }),
    [ADDRESS]: address,
  };
}

/**
 * What a virtual machine of this name, or a part of it, is in this fleet; null for anything else. The name follows from the tags, so a copy that
 * somebody made (a restored backup has the tags of what it was made from) is none of the fleet's.
 */
export function tagsOf(vm: string, tags: AzureTags | undefined, fleet: string): Tags | null {
  const {
    [FLEET]: of,
    [GROUP]: group,
    [INSTANCE]: instanceId,
    [LAUNCHED_AT]: at = '',
    [ZONE]: zone = null,
    [ADDRESS]: address,
  } = tags ?? {};
  const launchedAt = Date.parse(at);
  if (of !== fleet || group === undefined || instanceId === undefined || Number.isNaN(launchedAt)) return null;
  if (vmName(fleet, { group, instanceId }) !== vm) return null;
  return { group, instanceId, launchedAt, zone, address: address === 'public' ? 'public' : 'private' };
}

/** The name of an instance's virtual machine, which is the same whenever it is asked for. */
export function vmName(fleet: string, { group, instanceId }: Pick<LaunchRequest, 'group' | 'instanceId'>): string {
  return machineName([group, instanceId], [fleet, instanceId]);
}

/** What belongs to a virtual machine is called after it. */
export const partNames = {
  networkInterface: (vm: string) => `${vm}-nic`,
  publicAddress: (vm: string) => `${vm}-ip`,
  disk: (vm: string) => `${vm}-disk`,
} as const;

/** The virtual machine that a part is called after; null for another name. */
export function vmOfPart(name: string | undefined): string | null {
  return /^(.+)-(?:nic|ip)$/.exec(name?.toLowerCase() ?? '')?.[1] ?? null;
}
