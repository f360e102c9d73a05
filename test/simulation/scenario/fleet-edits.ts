import type { AutoScalingGroup, Fleet, TargetGroup } from '../../../src/model/fleet.ts';
import type { Random } from '../world/random.ts';
import { randomGroup, randomTermination } from './random-fleet.ts';
import { withinReach } from './random-scaling.ts';

/** A change of the fleet file, as a person makes it. */
export type FleetEdit =
  | { readonly kind: 'group'; readonly name: string; readonly change: Partial<AutoScalingGroup> }
  | { readonly kind: 'targetGroup'; readonly name: string; readonly change: Partial<TargetGroup> }
  | { readonly kind: 'addGroup'; readonly group: AutoScalingGroup }
  | { readonly kind: 'removeGroup'; readonly name: string };

/** The fleet with the edit; itself where the edit has nothing to change. */
export function applyEdit(fleet: Fleet, edit: FleetEdit): Fleet {
  const { autoScalingGroups: groups } = fleet;
  switch (edit.kind) {
    case 'group':
      return { ...fleet, autoScalingGroups: groups.map((one) => (one.name === edit.name ? changed(one, edit) : one)) };
    case 'targetGroup': {
      const targetGroups = fleet.targetGroups.map((one) => (one.name === edit.name ? { ...one, ...edit.change } : one));
      return { ...fleet, targetGroups };
    }
    case 'addGroup':
      if (groups.some(({ name }) => name === edit.group.name)) return fleet;
      return { ...fleet, autoScalingGroups: [...groups, edit.group] };
    case 'removeGroup':
      if (groups.length < 2) return fleet;
      return { ...fleet, autoScalingGroups: groups.filter(({ name }) => name !== edit.name) };
  }
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
  }
}

/** One edit, or two of which the second needs the first: a group can go once it has no servers. */
export function randomEdits(random: Random, fleet: Fleet): readonly FleetEdit[] {
  const { name, maxSize, desiredCapacityFile } = random.pick(fleet.autoScalingGroups);
  const group = (change: Partial<AutoScalingGroup>): readonly FleetEdit[] => [{ kind: 'group', name, change }];
  switch (random.int(0, 9)) {
    case 0:
      return group({ minSize: random.int(0, maxSize) });
    case 1:
      return group({ maxSize: random.int(1, 10) });
    case 2:
      return group({ desiredCapacity: random.chance(0.2) ? null : random.int(0, maxSize) });
    case 3:
      return group({
        launchTemplate: { provider: 'simulated', weight: random.int(1, 256), settings: {}, version: 'v2' },
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
    default: {
      const target = random.pick(fleet.targetGroups);
      const change = { deregistrationDelayMs: random.pick([0, 5_000, 20_000]), algorithm: 'random' } as const;
      return [{ kind: 'targetGroup', name: target.name, change }];
    }
  }
}
