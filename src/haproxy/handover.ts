/** What a load balancer has beside what it should have: listeners and servers that nobody else serves yet. */

import type { Member } from '../model/member.ts';
import type { DesiredState, OtherLoadBalancers } from '../ports/load-balancer.ts';
import type { Skeleton } from './last-good.ts';
import type { Report } from './report.ts';
import { isStandIn, serverKey, standInOf } from './servers.ts';

const ALONE: OtherLoadBalancers = { awaitedPorts: [], yielding: [], members: new Map() };

export function othersOf({ others }: Pick<DesiredState, 'others'>): OtherLoadBalancers {
  return others ?? ALONE;
}

/**
 * The desired state, with the listeners that another load balancer is to take over and has not yet, and with the servers that go over to a load
 * balancer that does not have them yet.
 * @param inForce what HAProxy took last; null when that is not known
 * @param before the members that it has
 */
export function untilTakenOver(
  desired: DesiredState,
  inForce: Skeleton | null,
  before: () => readonly Member[],
): DesiredState {
  const { loadBalancer, targetGroups, members } = desired;
  const { awaitedPorts, members: elsewhere } = othersOf(desired);
  const { listeners, statsPage } = loadBalancer;
  const wanted = new Set([...listeners, ...(statsPage === null ? [] : [statsPage])].map(({ port }) => port));
  const held = (inForce?.loadBalancer.listeners ?? []).filter(
    ({ port }) => awaitedPorts.includes(port) && !wanted.has(port),
  );
  if (held.length === 0 && [...elsewhere.values()].every(({ isServed }) => isServed)) return desired;
  const known = new Set(targetGroups.map(({ name }) => name));
  const alsoServed = (inForce?.targetGroups ?? []).filter(
    ({ name }) => !known.has(name) && held.some(({ targetGroup }) => targetGroup === name),
  );
  const also = new Set(alsoServed.map(({ name }) => name));
  const anywhere = statesAnywhere(desired);
  const staying = stayingIn(desired, before(), ({ targetGroup, instanceId }) => {
    if (also.has(targetGroup)) return anywhere.get(instanceId);
    const other = elsewhere.get(instanceId);
    return known.has(targetGroup) && other?.isServed === false ? other.state : undefined;
  });
  return {
    ...desired,
    loadBalancer: { ...loadBalancer, listeners: [...listeners, ...held] },
    targetGroups: [...targetGroups, ...alsoServed],
    members: [...members, ...staying],
  };
}

/**
 * A configuration that stays in force because the next one was refused, with its members followed. A server that only goes over to a target group of
 * the refused one, or to another load balancer, stays where it was: nothing else gets it the requests that come here.
 * @param before the members that it has
 */
export function withMembers(skeleton: Skeleton, desired: DesiredState, before: readonly Member[]): DesiredState {
  const names = new Set(skeleton.targetGroups.map(({ name }) => name));
  const anywhere = statesAnywhere(desired);
  const own = desired.members.filter(({ targetGroup }) => names.has(targetGroup));
  const placed = new Set(own.map(({ instanceId }) => instanceId));
  const staying = stayingIn(desired, before, ({ targetGroup, instanceId }) =>
    names.has(targetGroup) && !placed.has(instanceId) ? anywhere.get(instanceId) : undefined,
  );
  return { ...desired, ...skeleton, members: [...own, ...staying] };
}

/** The members that a running HAProxy has. */
export function membersIn({ servers }: Report): readonly Member[] {
  return [...servers.values()].flatMap(({ backend, name, address, port, checkPort, weight, admin }) => {
    if (admin === 'maintenance' || isStandIn(name)) return [];
    return {
      targetGroup: backend,
      instanceId: name,
      endpoint: { address, port },
      checkPort: checkPort === 0 ? null : checkPort,
      weight,
      state: admin === 'drain' ? 'draining' : 'ready',
      proven: servers.has(serverKey(backend, standInOf(name))),
    };
  });
}

/** How each server of the fleet should be, wherever it is a member. */
function statesAnywhere(desired: DesiredState): ReadonlyMap<string, Member['state']> {
  return new Map([
    ...[...othersOf(desired).members].map(([id, { state }]) => [id, state] as const),
    ...desired.members.map(({ instanceId, state }) => [instanceId, state] as const),
  ]);
}

function stayingIn(
  { members }: DesiredState,
  before: readonly Member[],
  stateOf: (member: Member) => Member['state'] | undefined,
): readonly Member[] {
  const wanted = new Set(members.map(({ targetGroup, instanceId }) => serverKey(targetGroup, instanceId)));
  return before.flatMap((member) => {
    const state = wanted.has(serverKey(member.targetGroup, member.instanceId)) ? undefined : stateOf(member);
    return state === undefined ? [] : [{ ...member, state }];
  });
}
