import { boundsOf } from '../decide/bounds.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import type { GroupLoop } from './group-loop.ts';

/**
 * What a person should know before an instance is ended: that it is the last server of a target group, whose requests are then refused
 * until another one serves. A drain has no such price where the maximum has room for its replacement, which comes first then.
 *
 * @param balanced the target groups that are behind a load balancer
 * @returns a sentence, or null where it costs nothing
 */
export function priceOfEnding(
  loop: GroupLoop,
  id: InstanceId,
  kind: 'drain' | 'terminate',
  groups: readonly GroupLoop[],
  balanced: ReadonlySet<string>,
): string | null {
  const { group, memory, instances } = loop;
  const instance = instances.find((one) => one.id === id);
  if (instance === undefined || !stays(instance)) return null;
  const { maxSize } = boundsOf(group, memory);
  const hasRoom = instances.length + memory.orphans.length < maxSize;
  if (kind === 'drain' && hasRoom) return null;
  const last = group.targetGroups.find((name) => balanced.has(name) && !hasOthers(name, id, groups));
  if (last === undefined) return null;
  const advice =
    kind === 'drain'
      ? `Raise maxSize above ${maxSize}, so that its replacement comes first, or pass --force (the API: force=true).`
      : 'Drain it where maxSize has room for its replacement, or end it with force=true.';
  return `${id} is the last server of target group ${last}: requests would get 503 until its replacement is in service. ${advice}`;
}

function hasOthers(targetGroup: string, id: InstanceId, groups: readonly GroupLoop[]): boolean {
  return groups.some(
    ({ group, instances }) =>
      group.targetGroups.includes(targetGroup) && instances.some((one) => one.id !== id && stays(one)),
  );
}

/** In service, not unhealthy, and not to be ended. */
function stays(instance: Instance): boolean {
  return serves(instance) && instance.health.status !== 'unhealthy' && instance.request === null;
}
