import { targetEndpoint } from '../model/endpoint.ts';
import type { TargetGroup } from '../model/fleet.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';
import type { Member } from '../model/member.ts';

/** Whether a changed record is the same to its target groups: nothing has to be done there then. */
export function isSameMember(before: Instance | undefined, after: Instance): boolean {
  return memberKey(before) === memberKey(after);
}

/** Empty for what is no member. */
function memberKey(instance: Instance | undefined): string {
  if (instance?.machine == null || lifecycleOf(instance).member === null) return '';
  const { state, machine, launchTemplate } = instance;
  return `${state.name} ${JSON.stringify([machine.addresses, machine.ports])} ${launchTemplate.weight}`;
}

/**
 * Which servers the group's target groups should have, and how: follows from the committed records alone. A server that is not reached
 * at the target group's port yet, as far as its provider knows, is no member. While `addToLoadBalancer`
 * is suspended those that have not come into service yet get no requests. They are not left out, because one of them may have been
 * found healthy just before: it finishes what it has.
 */
export function memberships(
  targetGroups: readonly TargetGroup[],
  instances: Iterable<Instance>,
  { suspendedProcesses }: Pick<GroupMemory, 'suspendedProcesses'>,
): Member[] {
  const isSuspended = suspendedProcesses.includes('addToLoadBalancer');
  const members: Member[] = [];
  for (const instance of instances) {
    const { id, machine, launchTemplate } = instance;
    const { member, isPending } = lifecycleOf(instance);
    if (machine === null || member === null) continue;
    const isReady = member === 'ready' && !(isSuspended && isPending);
    for (const targetGroup of targetGroups) {
      const place = targetEndpoint(machine, targetGroup);
      if (place === null) continue;
      members.push({
        targetGroup: targetGroup.name,
        instanceId: id,
        ...place,
        weight: launchTemplate.weight,
        state: isReady ? 'ready' : 'draining',
        proven: serves(instance),
      });
    }
  }
  return members;
}
