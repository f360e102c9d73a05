import type { FleetNews, FleetService } from '../control/service.ts';
import type { LoadBalancerStatus } from '../views/status.ts';
import { type Caller, maySee } from './caller.ts';

/** As a filter of lists. */
export function seenGroups({ groups }: Caller): { readonly groups?: readonly string[] } {
  return groups === null ? {} : { groups };
}

/** Those with a target group of a group that he may see; the other target groups are left out. */
export function seenLoadBalancers(
  all: readonly LoadBalancerStatus[],
  caller: Caller,
  service: FleetService,
): readonly LoadBalancerStatus[] {
  const names = seenTargetGroups(caller, service);
  if (names === null) return all;
  return all.flatMap((loadBalancer) => {
    const targetGroups = loadBalancer.targetGroups.filter(({ name }) => names.has(name));
    const listeners = loadBalancer.listeners.filter(({ targetGroup }) => names.has(targetGroup));
    return targetGroups.length === 0 ? [] : [{ ...loadBalancer, targetGroups, listeners, statsUrl: null }];
  });
}

/** The names; null for all. */
export function seenTargetGroups({ groups }: Caller, service: FleetService): ReadonlySet<string> | null {
  if (groups === null) return null;
  return new Set(service.groups().flatMap(({ name, targetGroups }) => (groups.includes(name) ? targetGroups : [])));
}

/** What is gone is named without saying whose it was: names alone. */
export function seenNews(news: FleetNews, caller: Caller, service: FleetService): FleetNews {
  return {
    ...news,
    groups: news.groups.filter(({ name }) => maySee(caller, name)),
    goneGroups: news.goneGroups.filter((name) => maySee(caller, name)),
    instances: news.instances.filter(({ group }) => maySee(caller, group)),
    loadBalancers: seenLoadBalancers(news.loadBalancers, caller, service),
  };
}
