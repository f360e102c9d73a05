import type { LoadBalancer } from '../model/fleet.ts';
import type { BalancerLoop } from './balancer-loop.ts';
import type { GroupLoop } from './group-loop.ts';

/** A group is checked every five seconds at least; a commit that waits for a slow disk takes longer. */
const STUCK_AFTER_MS = 60_000;

/** What a service manager is told. Each is what is wrong, in sentences; nothing where nothing is. */
export interface Health {
  /** A restart would help. */
  readonly stuck: readonly string[];
  /** Waited for before the controller can do its work. */
  readonly waitsFor: readonly string[];
}

export interface HealthSources {
  /** The store has been loaded. The lock is held from before that on. */
  readonly isStarted: boolean;
  readonly fleet: { readonly loadBalancers: readonly Pick<LoadBalancer, 'name'>[] };
  readonly groups: readonly (Pick<GroupLoop, 'sinceCheckMs'> & { readonly group: { readonly name: string } })[];
  readonly balancers: ReadonlyMap<string, Pick<BalancerLoop, 'isKnown'>>;
}

export function healthOf({ isStarted, fleet, groups, balancers }: HealthSources): Health {
  const stuck = groups
    .filter(({ sinceCheckMs }) => sinceCheckMs > STUCK_AFTER_MS)
    .map(({ group: { name }, sinceCheckMs }) => {
      return `Group ${name} was last checked ${Math.round(sinceCheckMs / 1_000)} s ago.`;
    });
  if (!isStarted) return { stuck, waitsFor: ['The store is being loaded.'] };
  const unseen = fleet.loadBalancers.filter(({ name }) => balancers.get(name)?.isKnown !== true);
  return { stuck, waitsFor: unseen.map(({ name }) => `Load balancer ${name} has not been observed yet.`) };
}
