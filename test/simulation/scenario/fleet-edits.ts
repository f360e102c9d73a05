import type { AutoScalingGroup, Fleet, LoadBalancer, TargetGroup } from '../../../src/model/fleet.ts';
import type { Random } from '../world/random.ts';
import { randomGroup, randomTermination } from './random-fleet.ts';
import { withinReach } from './random-scaling.ts';

/** A change of the fleet file, as a person makes it. */
export type FleetEdit =
  | { readonly kind: 'group'; readonly name: string; readonly change: Partial<AutoScalingGroup> }
  | { readonly kind: 'targetGroup'; readonly name: string; readonly change: Partial<TargetGroup> }
  | { readonly kind: 'addGroup'; readonly group: AutoScalingGroup }
  | { readonly kind: 'removeGroup'; readonly name: string }
  /** A load balancer with a target group of its own, which a group joins. */
  | {
      readonly kind: 'addLoadBalancer';
      readonly loadBalancer: LoadBalancer;
      readonly targetGroup: TargetGroup;
      readonly group: string;
    }
  | { readonly kind: 'removeLoadBalancer'; readonly name: string }
  /** Another one takes its place, on its ports. */
  | { readonly kind: 'renameLoadBalancer'; readonly name: string; readonly to: string }
  | { readonly kind: 'removeTargetGroup'; readonly name: string };

/** The fleet with the edit; itself where the edit has nothing to change. */
export function applyEdit(fleet: Fleet, edit: FleetEdit): Fleet {
  const { autoScalingGroups: groups, loadBalancers, targetGroups } = fleet;
  switch (edit.kind) {
    case 'group':
      return { ...fleet, autoScalingGroups: groups.map((one) => (one.name === edit.name ? changed(one, edit) : one)) };
    case 'targetGroup':
      return {
        ...fleet,
        targetGroups: targetGroups.map((one) => (one.name === edit.name ? { ...one, ...edit.change } : one)),
      };
    case 'addGroup':
      if (groups.some(({ name }) => name === edit.group.name)) return fleet;
      return withoutDangling({ ...fleet, autoScalingGroups: [...groups, edit.group] });
    case 'removeGroup':
      if (groups.length < 2) return fleet;
      return { ...fleet, autoScalingGroups: groups.filter(({ name }) => name !== edit.name) };
    case 'addLoadBalancer':
      if (targetGroups.some(({ name }) => name === edit.targetGroup.name)) return fleet;
      return {
        ...fleet,
        loadBalancers: [...loadBalancers, edit.loadBalancer],
        targetGroups: [...targetGroups, edit.targetGroup],
        autoScalingGroups: groups.map((one) =>
          one.name === edit.group ? { ...one, targetGroups: [...one.targetGroups, edit.targetGroup.name] } : one,
        ),
      };
    case 'removeLoadBalancer':
      if (!loadBalancers.some(({ name }) => name === edit.name)) return fleet;
      return { ...fleet, loadBalancers: loadBalancers.filter(({ name }) => name !== edit.name) };
    case 'renameLoadBalancer':
      if (loadBalancers.some(({ name }) => name === edit.to)) return fleet;
      return {
        ...fleet,
        loadBalancers: loadBalancers.map((one) => (one.name === edit.name ? { ...one, name: edit.to } : one)),
      };
    case 'removeTargetGroup':
      if (!targetGroups.some(({ name }) => name === edit.name)) return fleet;
      return withoutDangling({ ...fleet, targetGroups: targetGroups.filter(({ name }) => name !== edit.name) });
  }
}

/** A valid file stays one: nothing names a target group that is not there, and a load balancer listens. */
function withoutDangling(fleet: Fleet): Fleet {
  const known = new Set(fleet.targetGroups.map(({ name }) => name));
  return {
    ...fleet,
    loadBalancers: fleet.loadBalancers
      .map((one) => ({ ...one, listeners: one.listeners.filter(({ targetGroup }) => known.has(targetGroup)) }))
      .filter(({ listeners }) => listeners.length > 0),
    autoScalingGroups: fleet.autoScalingGroups.map((one) => ({
      ...one,
      targetGroups: one.targetGroups.filter((name) => known.has(name)),
    })),
  };
}

/** A valid file stays one: the sizes fit each other, and policies have their metrics, whatever was edited before. */
function changed(group: AutoScalingGroup, { change }: FleetEdit & { readonly kind: 'group' }): AutoScalingGroup {
  const next = { ...group, ...change };
  const maxSize = Math.max(1, next.maxSize);
  const minSize = Math.min(next.minSize, maxSize);
  const desired = next.desiredCapacity;
  const desiredCapacity = desired === null ? null : Math.max(minSize, Math.min(maxSize, desired));
  const scheduledActions = withinReach({ ...next, minSize, maxSize });
  const scalingPolicies = next.scalingPolicies.filter((policy) =>
    next.metrics.some(({ name }) => name === policy.metric),
  );
  return { ...next, minSize, maxSize, desiredCapacity, scheduledActions, scalingPolicies };
}

export function describeEdit(edit: FleetEdit): string {
  switch (edit.kind) {
    case 'group':
    case 'targetGroup':
      return `${edit.name}: ${JSON.stringify(edit.change)}`;
    case 'addGroup':
      return `adds group ${edit.group.name}`;
    case 'removeGroup':
      return `removes group ${edit.name}`;
    case 'addLoadBalancer':
      return `adds load balancer ${edit.loadBalancer.name} with ${edit.targetGroup.name}, which ${edit.group} joins`;
    case 'removeLoadBalancer':
      return `removes load balancer ${edit.name}`;
    case 'renameLoadBalancer':
      return `puts load balancer ${edit.to} in the place of ${edit.name}`;
    case 'removeTargetGroup':
      return `removes target group ${edit.name}`;
  }
}

/** One edit, or two of which the second needs the first: a group can go once it has no servers. */
export function randomEdits(random: Random, fleet: Fleet): readonly FleetEdit[] {
  const { name, maxSize, desiredCapacityFile } = random.pick(fleet.autoScalingGroups);
  const group = (change: Partial<AutoScalingGroup>): readonly FleetEdit[] => [{ kind: 'group', name, change }];
  switch (random.int(0, 12)) {
    case 0:
      return group({ minSize: random.int(0, maxSize) });
    case 1:
      return group({ maxSize: random.int(1, 10) });
    case 2:
      return group({ desiredCapacity: random.chance(0.2) ? null : random.int(0, maxSize) });
    case 3:
      return group({
        launchTemplate: {
          provider: random.pick(['simulated', 'another']),
          zones: [],
          instanceTypes: [],
          weight: random.int(1, 256),
          settings: {},
          version: 'v2',
        },
      });
    case 4:
      return group({ healthCheckGracePeriodMs: random.pick([5_000, 15_000, 60_000]) });
    case 5:
      return group({ terminationPolicies: randomTermination(random) });
    case 6:
      return group({ desiredCapacityFile: desiredCapacityFile === null ? `/simulated/${name}.new` : null });
    case 7:
      return [{ kind: 'addGroup', group: randomGroup('extra', fleet, random) }];
    case 8:
      return [...group({ minSize: 0, desiredCapacity: 0 }), { kind: 'removeGroup', name }];
    case 9:
      return [addLoadBalancer(random, fleet, name), ...maybe(random, { kind: 'removeLoadBalancer', name: 'added' })];
    case 10: {
      const { name: edge } = random.pick(fleet.loadBalancers);
      const rename: FleetEdit = { kind: 'renameLoadBalancer', name: edge, to: 'renamed' };
      return random.chance(0.5) ? [rename] : [rename, { kind: 'renameLoadBalancer', name: 'renamed', to: edge }];
    }
    case 11: {
      const removed = random.pick(fleet.loadBalancers);
      return random.chance(0.5)
        ? [{ kind: 'removeLoadBalancer', name: removed.name }]
        : [{ kind: 'removeTargetGroup', name: random.pick(fleet.targetGroups).name }];
    }
    default: {
      const target = random.pick(fleet.targetGroups);
      const change = { deregistrationDelayMs: random.pick([0, 5_000, 20_000]), algorithm: 'random' } as const;
      return [{ kind: 'targetGroup', name: target.name, change }];
    }
  }
}

function addLoadBalancer(random: Random, fleet: Fleet, group: string): FleetEdit {
  const { targetGroups, loadBalancers } = fleet;
  const targetGroup = { ...random.pick(targetGroups), name: 'tg-added' };
  const listeners = [{ address: '127.0.0.1', port: 5100, targetGroup: 'tg-added', trustedProxies: [] }];
  return {
    kind: 'addLoadBalancer',
    loadBalancer: { ...random.pick(loadBalancers), name: 'added', listeners },
    targetGroup,
    group,
  };
}

function maybe(random: Random, edit: FleetEdit): readonly FleetEdit[] {
  return random.chance(0.5) ? [edit] : [];
}
