import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import type { CommandRecords } from './snapshot.ts';

/**
 * What a person should know before an instance is terminated: that it is the last server of a target group, whose requests are then refused
 * until another one serves. A drain has no such price where the maximum has room for its replacement, which comes first then.
 *
 * @returns a sentence, or null where it costs nothing
 */
export function priceOfEnding(
  { group, memory, instances, balanced, others }: CommandRecords,
  instance: Instance,
  kind: 'drain' | 'terminate',
): string | null {
  if (!isServing(instance)) return null;
  const { maxSize } = boundsOf(group, memory);
  const hasRoom = instances.length + memory.orphans.length < maxSize;
  if (kind === 'drain' && hasRoom) return null;
  const groups = [{ group, instances: instances.filter(({ id }) => id !== instance.id) }, ...others];
  const hasServer = (name: string) =>
    groups.some((one) => one.group.targetGroups.includes(name) && one.instances.some(isServing));
  const last = group.targetGroups.find((name) => balanced.has(name) && !hasServer(name));
  if (last === undefined) return null;
  const advice =
    kind === 'drain'
      ? `Raise maxSize above ${maxSize}, so that its replacement comes first, or pass --force (the API: force=true).`
      : 'Drain it where maxSize has room for its replacement, or end it with force=true.';
  return `${instance.id} is the last server of target group ${last}: requests would get 503 until its replacement is in service. ${advice}`;
}

/** In service, not unhealthy, and not to be terminated. */
function isServing(instance: Instance): boolean {
  return serves(instance) && instance.health.status !== 'unhealthy' && instance.request === null;
}
