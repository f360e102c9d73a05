/** How machines are named, and the tags that each carries in its domain's metadata, where they last as long as it does. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PortError } from '../../ports/errors.ts';
import { parseXml } from './xml.ts';

/** Drover's own namespace in a domain's metadata. */
export const TAG_NAMESPACE = 'urn:drover:machine';

const tagsSchema = z.object({
  fleet: z.string(),
  group: z.string(),
  instanceId: z.string(),
  launchedAt: z.coerce.number(),
  /** `launching` until everything of it is there and it may be started, once. */
  phase: z.enum(['launching', 'launched']),
  /** Where its volumes are; empty where it has none. */
  pool: z.string(),
  /** Whose leases are its addresses; empty where they come from elsewhere. */
  network: z.string(),
  addressFrom: z.enum(['lease', 'agent', 'arp']),
  stopTimeoutMs: z.coerce.number(),
});
export type Tags = z.infer<typeof tagsSchema>;

/**
 * The tags in what `virsh metadata` prints of a domain; null where it is no machine of the fleet. A clone of a machine has its tags, but neither
 * its name nor its place in the fleet.
 */
export async function tagsIn(xml: string, fleet: string, name: string): Promise<Tags | null> {
  const parsed = z.object({ machine: tagsSchema }).safeParse(await parseXml(xml));
  if (!parsed.success) return null;
  const tags = parsed.data.machine;
  const isOwn = tags.fleet === fleet && name === prefixOf(fleet) + tags.instanceId;
  return isOwn ? tags : null;
}

const USABLE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** Longer ones do not fit the file names that libvirt makes of it. */
const MAX_NAME_CHARACTERS = 180;

function prefixOf(fleet: string): string {
  return `drover-${fleet}-`;
}

/** @throws PortError `Invalid` for an id that cannot be part of a name */
export function domainName(fleet: string, instanceId: string): string {
  const name = `${prefixOf(fleet)}${instanceId}`;
  if (USABLE_ID.test(instanceId) && name.length <= MAX_NAME_CHARACTERS) return name;
  throw new PortError('Invalid', 'instanceId', `${instanceId} cannot name a domain.`);
}

/** Whether a domain may be a machine of the fleet, by its name. Its tags say whether it is. */
export function mayBeOf(fleet: string, name: string): boolean {
  const prefix = prefixOf(fleet);
  return name.startsWith(prefix) && USABLE_ID.test(name.slice(prefix.length));
}

/** The same machine has the same UUID, whoever launches it (version 8 of RFC 9562). */
export function uuidOf(name: string): string {
  const hex = digest(name);
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

/** A hardware address of its own, locally administered, so that no machine has the lease of an earlier one. It does not begin with fe:, as the host's side does. */
export function macOf(name: string, launchedAt: number): string {
  return ['02', ...(digest(`${name} ${launchedAt}`).slice(0, 10).match(/../g) ?? [])].join(':');
}

function digest(text: string): string {
  return createHash('sha256').update(`drover machine ${text}`).digest('hex');
}

export function diskVolume(name: string): string {
  return `${name}.qcow2`;
}

export function seedVolume(name: string): string {
  return `${name}.seed.iso`;
}
