import type { AutoScalingGroup } from '../../../src/model/fleet.ts';
import { serves } from '../../../src/model/lifecycle.ts';
import type { ScalingPolicy, TargetTrackingPolicy } from '../../../src/model/scaling-policy.ts';
import type { World } from '../world/world.ts';
import { targetGroupsBehind } from './in-force.ts';

/** What floating point adds to a quotient that is a whole number. */
const ROUNDING = 1e-6;

/** What still keeps the fleet from being as it should be, one thing after the other; nothing once it is. */
export function* unsettled(world: World): Generator<string, void> {
  const { invariants, machines, hosts, records } = world;
  const { fleet } = invariants.inForce;
  const expected = new Set<string>();

  for (const group of fleet.autoScalingGroups) {
    const open = records.open(group.name);
    const serving = open.filter(serves);
    const memory = records.memory.get(group.name);
    const desired = memory?.desired ?? null;
    for (const process of memory?.suspendedProcesses ?? []) yield `${process} of ${group.name} is suspended`;
    if (memory?.told.includes('crashLoop') === true) yield `the crash loop of ${group.name} is not over`;
    if (desired !== null) yield* unfollowed(world, group, desired);
    if (serving.length !== desired) yield `${group.name} has ${serving.length} of ${desired} in service`;
    for (const instance of open) {
      const { id, state } = instance;
      if (!serves(instance)) yield `${id} is ${state.name}`;
      else if (machines.ofInstance(id)?.answering !== true) yield `the machine of ${id} does not answer`;
    }
    const behind = targetGroupsBehind(fleet, group);
    for (const { id } of serving) for (const targetGroup of behind) expected.add(`${targetGroup}/${id}`);
  }

  for (const machine of machines.alive()) {
    if (!invariants.inForce.usesProvider(machine.provider, machine.group)) continue;
    const record = records.instances.get(machine.instanceId);
    // Nobody knows what a machine of a group that is gone was for: it is told of and left alone.
    const isForgotten = machine.late || world.hasLostStore;
    if (isForgotten && !fleet.autoScalingGroups.some(({ name }) => name === machine.group)) continue;
    if (machine.fleet === fleet.name && (record === undefined || !serves(record))) {
      const recorded = record?.state.name ?? 'missing';
      yield `${machine.id} of ${machine.instanceId} is ${machine.state}, its record ${recorded}`;
    }
  }

  for (const host of hosts) {
    const isWanted = fleet.loadBalancers.some(({ name }) => name === host.name);
    if (host.running !== isWanted) yield `${host.name} ${isWanted ? 'does not run' : 'still runs'}`;
    for (const member of host.members()) {
      const key = `${member.member.targetGroup}/${member.member.instanceId}`;
      if (!expected.delete(key)) yield `${host.name} still has ${key}`;
      else if (!host.routesTo(member)) yield `${host.name} does not route to ${key}`;
    }
  }
  for (const key of expected) yield `no load balancer has ${key}`;
}

/** What target tracking would still have to do about a load that stays as it is. */
function unfollowed({ invariants, measures, clock }: World, group: AutoScalingGroup, desired: number): string[] {
  const { name, scalingPolicies: policies } = group;
  const bounds = invariants.inForce.bounds(name);
  const load = measures.load(name).at(clock.elapsedMs);
  const trackers = policies.filter(isTracking);
  const isAtMost = bounds.some(({ maxSize }) => desired >= maxSize);
  const few = trackers.filter((one) => !isAtMost && isTooFew(one, load, desired));
  // What the others have to say about fewer servers is not known here.
  const asks = trackers.length === policies.length && trackers.some(({ disableScaleIn }) => !disableScaleIn);
  const isAtLeast = bounds.some(({ minSize }) => desired <= minSize);
  const isMany = asks && !isAtLeast && trackers.every((one) => isTooMany(one, load, desired));
  return [
    ...few.map((policy) => `${name} has too few with ${desired} for a load of ${load} by policy ${policy.name}`),
    ...(isMany ? [`${name} has too many with ${desired} for a load of ${load}`] : []),
  ];
}

function isTracking(policy: ScalingPolicy): policy is TargetTrackingPolicy {
  return policy.type === 'targetTracking';
}

/** Without servers there is no average that could ask for the first one. */
function isTooFew({ targetValue, tolerance, valueIs }: TargetTrackingPolicy, load: number, desired: number): boolean {
  if (valueIs === 'average' && desired === 0) return false;
  return load / targetValue > desired * (1 + tolerance) + ROUNDING;
}

/** An average keeps the last one. */
function isTooMany({ targetValue, tolerance, valueIs }: TargetTrackingPolicy, load: number, desired: number): boolean {
  const needed = load / targetValue;
  const kept = Math.max(Math.ceil(needed - ROUNDING), valueIs === 'average' ? 1 : 0);
  return kept < desired && needed < desired * (1 - tolerance) - ROUNDING;
}
