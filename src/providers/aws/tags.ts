/** The tags that instances and their volumes carry. */

const PREFIX = 'drover:';

export const FLEET_TAG = `${PREFIX}fleet`;
const GROUP_TAG = `${PREFIX}group`;
export const INSTANCE_TAG = `${PREFIX}instanceId`;
const ZONE_TAG = `${PREFIX}zone`;
const ADDRESS_TAG = `${PREFIX}addressFrom`;

/** Keys that a user's own tags may not have. */
export function isReservedTag(key: string): boolean {
  return /^(?:aws|drover):/i.test(key);
}

export interface OwnTags {
  readonly fleet: string;
  readonly group: string;
  readonly instanceId: string;
  readonly zone: string | null;
  readonly addressFrom: 'private' | 'public' | 'ipv6';
}

/** As EC2 takes them; a user's own `Name` stays. */
export function tagList(own: OwnTags, users: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  const tags = {
    Name: `${own.fleet}-${own.group}-${own.instanceId}`,
    ...users,
    [FLEET_TAG]: own.fleet,
    [GROUP_TAG]: own.group,
    [INSTANCE_TAG]: own.instanceId,
    [ADDRESS_TAG]: own.addressFrom,
    ...(own.zone === null ? {} : { [ZONE_TAG]: own.zone }),
  };
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** What an instance's tags say; null where they are not those of a machine of the fleet. */
export function tagsOf(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[],
  fleet: string,
): OwnTags | null {
  const tags = new Map(list.map(({ Key, Value }) => [Key, Value]));
  const group = tags.get(GROUP_TAG);
  const instanceId = tags.get(INSTANCE_TAG);
  if (tags.get(FLEET_TAG) !== fleet || group === undefined || instanceId === undefined) return null;
  const from = tags.get(ADDRESS_TAG);
  const addressFrom = from === 'public' || from === 'ipv6' ? from : 'private';
  return { fleet, group, instanceId, zone: tags.get(ZONE_TAG) ?? null, addressFrom };
}
