import type { World } from './world.ts';

/** What still keeps the fleet from being as it should be; empty once it is. */
export function unsettled({ invariants, machines, hosts, records }: World): string[] {
  const { fleet } = invariants.inForce;
  const found: string[] = [];
  const expected = new Set<string>();

  for (const group of fleet.autoScalingGroups) {
    const open = records.open(group.name);
    const serving = open.filter(({ state }) => state.name === 'inService');
    const desired = records.memory.get(group.name)?.desired ?? null;
    if (serving.length !== desired) found.push(`${group.name} has ${serving.length} of ${desired} in service`);
    for (const { id, state } of open) {
      if (state.name !== 'inService') found.push(`${id} is ${state.name}`);
      else if (machines.ofInstance(id)?.answering !== true) found.push(`the machine of ${id} does not answer`);
    }
    for (const { id } of serving) for (const targetGroup of group.targetGroups) expected.add(`${targetGroup}/${id}`);
  }

  for (const machine of machines.alive()) {
    const state = records.instances.get(machine.instanceId)?.state.name ?? 'missing';
    // Nobody knows what a machine of a group that is gone was for: it is told of and left alone.
    if (machine.late && !fleet.autoScalingGroups.some(({ name }) => name === machine.group)) continue;
    if (machine.fleet === fleet.name && state !== 'inService') {
      found.push(`${machine.id} of ${machine.instanceId} is ${machine.state}, its record ${state}`);
    }
  }

  for (const host of hosts) {
    if (!host.running) found.push(`${host.name} does not run`);
    for (const member of host.members()) {
      const key = `${member.member.targetGroup}/${member.member.instanceId}`;
      if (!expected.delete(key)) found.push(`${host.name} still has ${key}`);
      else if (!host.routesTo(member)) found.push(`${host.name} does not route to ${key}`);
    }
  }
  for (const key of expected) found.push(`no load balancer has ${key}`);
  return found;
}
