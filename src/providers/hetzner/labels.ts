/** How a server carries what Drover knows it by: its labels, and its name. */

import { quotedStart } from '../../base/quoted.ts';
import { PortError } from '../../ports/errors.ts';
import type { LaunchRequest } from '../../ports/provider.ts';
import { machineName } from '../machine-name.ts';

const FLEET_LABEL = 'drover-fleet';
const GROUP_LABEL = 'drover-group';
const INSTANCE_LABEL = 'drover-instance-id';
/** The network at whose address the server is reached; none where that is the public one. */
const NETWORK_LABEL = 'drover-network';
const OWN_PREFIX = 'drover-';

/** The API's own rule for values. */
const VALUE = /^(?:[a-z0-9A-Z](?:[a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$/;
const KEY = /^(?:[a-z0-9A-Z](?:[a-z0-9A-Z.-]{0,251}[a-z0-9A-Z])?\/)?[a-z0-9A-Z](?:[a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?$/;
/** Ends a value that may not end as it does: names of a fleet may end in - and _, and have no dots. */
const END = '.0';

export type Labels = Readonly<Record<string, string>>;

export interface Tags {
  readonly group: string;
  readonly instanceId: string;
  /** The id of the network at whose address the server is reached; null for the public address. */
  readonly networkId: number | null;
}

export function isLabelValue(text: string): boolean {
  return VALUE.test(text);
}

/** Whether a person may give a label this name. */
export function isLabelKey(text: string): boolean {
  return KEY.test(text) && !text.startsWith(OWN_PREFIX);
}

/** A name as the value of a label, each as another one. @throws PortError `Invalid` */
function toLabel(text: string): string {
  const value = isLabelValue(text) && text !== '' && !text.endsWith(END) ? text : `${text}${END}`;
  if (isLabelValue(value)) return value;
  throw new PortError('Invalid', 'label', `${quotedStart(text)} cannot be the value of a label at Hetzner`);
}

function fromLabel(value: string): string {
  return value.endsWith(END) ? value.slice(0, -END.length) : value;
}

export function fleetLabels(fleet: string): Labels {
  return { [FLEET_LABEL]: toLabel(fleet) };
}

export function groupLabels(fleet: string, group: string): Labels {
  return { ...fleetLabels(fleet), [GROUP_LABEL]: toLabel(group) };
}

export function serverLabels(fleet: string, { group, instanceId, networkId }: Tags): Labels {
  const network = networkId === null ? {} : { [NETWORK_LABEL]: String(networkId) };
  return { ...groupLabels(fleet, group), [INSTANCE_LABEL]: toLabel(instanceId), ...network };
}

/** Finds what has all of these labels. */
export function selectorOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

export function isOfFleet(labels: Labels, fleet: string): boolean {
  return labels[FLEET_LABEL] === toLabel(fleet);
}

/** What a server of this fleet is; null for any other. */
export function tagsOf(labels: Labels, fleet: string): Tags | null {
  const { [GROUP_LABEL]: group, [INSTANCE_LABEL]: instanceId, [NETWORK_LABEL]: network } = labels;
  if (!isOfFleet(labels, fleet) || group === undefined || instanceId === undefined) return null;
  return {
    group: fromLabel(group),
    instanceId: fromLabel(instanceId),
    networkId: network === undefined ? null : Number(network),
  };
}

/**
 * The name of an instance's server, which is the same whenever it is asked for. Names are unique in a project, and are host names: that is what
 * keeps a launch that is repeated from making a second server.
 */
export function serverName(fleet: string, { group, instanceId }: Pick<LaunchRequest, 'group' | 'instanceId'>): string {
  return machineName([group, instanceId], [fleet, instanceId]);
}

/** The name of one of the placement groups that a group's servers are spread in. */
export function placementGroupName(fleet: string, group: string, number: number): string {
  return machineName([group, String(number)], [fleet, group, String(number)]);
}
