/** How ports and servers go over from one load balancer of the fleet to another: what each has in force, and what the others may rely on. */

import type { LoadBalancer } from '../model/fleet.ts';
import type { Member } from '../model/member.ts';
import type { LoadBalancerObservation } from '../model/observation.ts';
import type { OtherLoadBalancers } from '../ports/load-balancer.ts';
import type { BalancerLoop } from './balancer-loop.ts';

export interface InForce {
  readonly listeners: LoadBalancerObservation['listeners'];
  /** By name. */
  readonly targetGroups: readonly string[];
}

type Observed = Pick<BalancerLoop, 'view'>;

/** What a load balancer had in force when it was observed last; null where it cannot be observed. */
export function inForce(loop: Observed | undefined): InForce | null {
  const view = loop?.view();
  if (view?.kind !== 'seen') return null;
  const { listeners, targetGroups } = view.value.observation;
  return { listeners, targetGroups: targetGroups.map(({ name }) => name) };
}

/** Whether it listens where it should, for the target groups that it should. */
export function hasInForce(loop: Observed, { listeners }: LoadBalancer): boolean {
  const now = inForce(loop);
  return (
    now !== null &&
    listeners.length === now.listeners.length &&
    listeners.every((one) =>
      now.listeners.some(({ port, targetGroup }) => port === one.port && targetGroup === one.targetGroup),
    )
  );
}

export interface Neighbour {
  readonly name: string;
  /** Null for one that the fleet does not have any more. */
  readonly wanted: LoadBalancer | null;
  readonly loop: Pick<BalancerLoop, 'view' | 'accepts'> | undefined;
}

/** @param members those that should be the neighbours' */
export function otherLoadBalancers(neighbours: readonly Neighbour[], members: readonly Member[]): OtherLoadBalancers {
  const known = neighbours.map((one) => ({ ...one, now: inForce(one.loop) }));
  const served = new Set(known.flatMap(({ now }) => now?.targetGroups ?? []));
  const elsewhere = new Map<string, { state: Member['state']; isServed: boolean }>();
  for (const { instanceId, targetGroup, state } of members) {
    const isServed = served.has(targetGroup) && elsewhere.get(instanceId)?.isServed !== false;
    elsewhere.set(instanceId, { state, isServed });
  }
  return {
    awaitedPorts: known.flatMap(({ wanted, now }) =>
      (wanted?.listeners ?? []).flatMap(({ port }) =>
        now?.listeners.some((one) => one.port === port) === true ? [] : [port],
      ),
    ),
    yielding: known.flatMap(({ name, wanted, loop }) => (wanted === null || loop?.accepts === true ? [name] : [])),
    members: elsewhere,
  };
}
