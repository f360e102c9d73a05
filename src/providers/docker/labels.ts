/** The tags of a machine, which are labels of its container. */

export const LABEL_PREFIX = 'drover.';
const FLEET = 'drover.fleet';
const GROUP = 'drover.group';
const INSTANCE_ID = 'drover.instance-id';
const LAUNCHED_AT = 'drover.launched-at';
const NETWORK = 'drover.network';

export interface Tags {
  readonly fleet: string;
  readonly group: string;
  readonly instanceId: string;
  /** Milliseconds since the epoch. */
  readonly launchedAt: number;
  /** The one that it is reached on; empty for the engine's bridge. (Podman does not list it.) */
  readonly network: string;
}

export function labelsOf({ fleet, group, instanceId, launchedAt, network }: Tags): Record<string, string> {
  return {
    [FLEET]: fleet,
    [GROUP]: group,
    [INSTANCE_ID]: instanceId,
    [LAUNCHED_AT]: String(launchedAt),
    [NETWORK]: network,
  };
}

/** Null for a container that is no machine's. */
export function tagsIn(labels: Readonly<Record<string, string>>): Tags | null {
  const { [FLEET]: fleet, [GROUP]: group, [INSTANCE_ID]: instanceId, [NETWORK]: network = '' } = labels;
  const launchedAt = Number(labels[LAUNCHED_AT]);
  if (fleet === undefined || group === undefined || instanceId === undefined) return null;
  return Number.isSafeInteger(launchedAt) ? { fleet, group, instanceId, launchedAt, network } : null;
}

/** What the engine finds a fleet's containers by. */
export function fleetFilter(fleet: string): string {
  return `${FLEET}=${fleet}`;
}

/** The dots keep fleets apart whose names begin alike: a name of a fleet has none. */
export function containerName(fleet: string, instanceId: string): string {
  return `drover.${fleet}.${instanceId}`;
}
