import type { AutoScalingGroup, TerminationPolicy } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';

/**
 * Whom to end when a group has too many: first those that do not serve (not launched yet, booting, unhealthy), then by the
 * group's termination policies, each of which keeps the ones it likes best for the next to choose from. `Default` is AWS's:
 * instances of another launch template than the current one, the oldest first. The last tie is broken by age and then by id, so
 * that the choice is the same every time it is made.
 */
export function chooseVictims(candidates: readonly Instance[], count: number, group: AutoScalingGroup): Instance[] {
  if (count <= 0) return [];
  const byPreference = [
    (instance: Instance) => lifecycleOf(instance).scaleInRank,
    (instance: Instance) => (serves(instance) && instance.health.status === 'unhealthy' ? 0 : 1),
    ...group.terminationPolicies.map((policy) => ranking(policy, group)),
    (instance: Instance) => instance.createdAt,
  ];
  return candidates
    .toSorted((a, b) => {
      for (const rank of byPreference) {
        const difference = rank(a) - rank(b);
        if (difference !== 0) return difference;
      }
      return a.id < b.id ? -1 : 1;
    })
    .slice(0, count);
}

/** Lower goes first. */
function ranking(policy: TerminationPolicy, group: AutoScalingGroup): (instance: Instance) => number {
  switch (policy) {
    case 'Default':
    case 'OldestLaunchTemplate':
      return (instance) => (instance.launchTemplate.version === group.launchTemplate.version ? 1 : 0);
    case 'OldestInstance':
      return (instance) => instance.createdAt;
    case 'NewestInstance':
      return (instance) => -instance.createdAt;
  }
}
