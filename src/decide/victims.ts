import type { AutoScalingGroup, TerminationPolicy } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';

/** Lower goes first. */
type Ranking = (instance: Instance) => number;

/** What does not serve (not launched yet, booting, unhealthy). */
const NOT_SERVING: readonly Ranking[] = [
  (instance) => lifecycleOf(instance).scaleInRank,
  (instance) => (serves(instance) && instance.health.status === 'unhealthy' ? 0 : 1),
];

/**
 * Whom to end when a group has too many: first those that do not serve, then one of the zone that has the most servers, then by the
 * group's termination policies, each of which keeps the ones it likes best for the next to choose from. `Default` is AWS's:
 * instances of another launch template than the current one, the oldest first. The last tie is broken by age and then by id, so
 * that the choice is the same every time it is made.
 *
 * @param candidates those that make up the group's size: what is balanced
 */
export function chooseVictims(candidates: readonly Instance[], count: number, group: AutoScalingGroup): Instance[] {
  if (count <= 0) return [];
  const byPolicy = [...group.terminationPolicies.map((policy) => ranking(policy, group)), byAge];
  const ranked = comparing([...NOT_SERVING, ...byPolicy]);
  const order = (a: Instance, b: Instance) => ranked(a, b) || (a.id < b.id ? -1 : 1);
  const zones = [...Map.groupBy(candidates, ({ placement }) => placement.zone).values()].map((servers) => ({
    left: servers.length,
    // The next to go is the last one.
    queue: servers.toSorted((a, b) => order(b, a)),
  }));
  const notServing = comparing(NOT_SERVING);
  const victims: Instance[] = [];
  while (victims.length < count) {
    let chosen: (typeof zones)[number] | null = null;
    let next: Instance | null = null;
    for (const zone of zones) {
      const head = zone.queue.at(-1);
      if (head === undefined) continue;
      const isBefore =
        next === null ||
        chosen === null ||
        (notServing(head, next) || chosen.left - zone.left || order(head, next)) < 0;
      if (!isBefore) continue;
      chosen = zone;
      next = head;
    }
    if (chosen === null || next === null) break;
    chosen.queue.pop();
    chosen.left -= 1;
    victims.push(next);
  }
  return victims;
}

function byAge({ createdAt }: Instance): number {
  return createdAt;
}

function comparing(rankings: readonly Ranking[]): (a: Instance, b: Instance) => number {
  return (a, b) => {
    for (const rank of rankings) {
      const difference = rank(a) - rank(b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

function ranking(policy: TerminationPolicy, group: AutoScalingGroup): Ranking {
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
