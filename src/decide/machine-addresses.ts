import { endpointOf, sameAddresses, targetEndpoint } from '../model/endpoint.ts';
import type { Instance, MachineRef } from '../model/instance.ts';
import { isPending } from '../model/lifecycle.ts';
import type { Machine } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { recordLaunchFailure } from './launch-backoff.ts';
import { type MachineSight, sightOfMachine } from './sight.ts';
import type { Snapshot } from './snapshot.ts';
import { isZoneUnseen, zoneHold } from './zones.ts';

export function refOf({ id, addresses, ports }: Machine, seenAt: EpochMs): MachineRef {
  return { id, addresses, ports, seenAt };
}

/** Whether a new server is asked by Drover itself before a load balancer knows of it. */
export function isProbedFirst({ group, targetGroups }: Pick<Snapshot, 'group' | 'targetGroups'>): boolean {
  return group.probeBeforeRegistration && targetGroups.length > 0;
}

/** A machine has its address: its server boots from now on. */
export function boot(draft: Draft, instance: Instance & { readonly machine: MachineRef }): void {
  const { id, machine } = instance;
  const isProbed = isProbedFirst(draft.snapshot);
  const booting = draft.move(instance, { name: isProbed ? 'probing' : 'booting', since: draft.now });
  const name = machine.id === id ? '' : ` (machine ${machine.id})`;
  const then = draft.snapshot.targetGroups.length > 0 ? '; traffic follows when its health checks have passed' : '';
  draft.report('launched', `Launched ${id} at ${whereIs(draft, machine)}${name}${then}.`, { instance: booting });
}

function whereIs(draft: Draft, machine: MachineRef): string {
  const [targetGroup] = draft.snapshot.targetGroups;
  const endpoint = endpointOf(machine, targetGroup?.port ?? null);
  return endpoint === null ? (machine.addresses[0] ?? '') : `${endpoint.address}:${endpoint.port}`;
}

/**
 * Takes in where a server is reached, as its provider learns of it: before it serves, and later where a target group cannot reach it, such as one
 * that the group has only joined since.
 */
export function followAddresses(draft: Draft, instance: Instance, sight: MachineSight): Instance {
  const { machine, state } = instance;
  if (machine === null || (!isPending(instance) && isReachable(draft, machine))) return instance;
  // A list of the past may have a machine that was the instance's before: its end would be taken for the end of this one.
  const listed = sight.kind === 'present' && sight.machine.id === machine.id ? sight.machine : null;
  // A list that is older than what is known takes nothing of it back.
  const isNews = listed !== null && !isLess(listed, machine) && !sameAddresses(listed, machine);
  const reached = isNews ? refOf(listed, machine.seenAt) : machine;
  const known = isNews ? { ...instance, machine: reached } : instance;
  if (isNews) draft.put(known);
  if (state.name !== 'launching') return known;
  if (reached.addresses.length > 0) boot(draft, { ...known, machine: reached });
  else awaitAddress(draft, known);
  return draft.get(instance.id) ?? known;
}

function isLess(listed: Machine, known: MachineRef): boolean {
  if (listed.addresses.length === 0) return true;
  return listed.ports?.length === 0 && known.ports?.length !== 0;
}

function awaitAddress(draft: Draft, instance: Instance): void {
  const { state } = instance;
  const { launchTimeoutMs } = draft.snapshot.group;
  const until = state.since + launchTimeoutMs;
  // It may have got one while that cannot be seen.
  const { machines } = draft.snapshot;
  if (draft.now < until || machines.kind === 'blind' || isZoneUnseen(machines.value, instance)) {
    draft.wake(until);
    return;
  }
  const why = `The provider gave ${instance.id} no address within ${launchTimeoutMs / 1000} s.`;
  draft.report('launchFailed', `${why} Giving up on it.`, {
    level: 'error',
    instance: draft.end(instance, 'launchFailed'),
  });
  recordLaunchFailure(draft, instance, why);
}

/**
 * Gives up a launch into a zone that cannot be seen, once its time is over: another place may have room meanwhile. A machine that it has made all the same
 * counts, and is terminated when the zone is seen again.
 */
export function giveUpUnseenLaunch(draft: Draft, instance: Instance): void {
  const { id, state } = instance;
  const hold = zoneHold(draft, instance);
  if (hold === null || state.name !== 'launching' || draft.snapshot.busy.has(id)) return;
  const { launchTimeoutMs } = draft.snapshot.group;
  const until = state.since + launchTimeoutMs;
  if (draft.now < until) {
    draft.wake(until);
    return;
  }
  const why = `Its zone ${instance.placement.zone} cannot be seen, and it was not launched within ${launchTimeoutMs / 1000} s.`;
  const ended = draft.end(instance, 'launchFailed');
  draft.report('launchFailed', `Giving up on ${id}: ${why}`, { level: 'warning', instance: ended });
}

function isReachable(facts: Facts, machine: MachineRef): boolean {
  return facts.snapshot.targetGroups.every((group) => targetEndpoint(machine, group) !== null);
}

/** Why no target group can reach a server, where that is so: nobody can ask it how it is then. Null where all can. */
export function whyUnreachable(facts: Facts, instance: Instance): string | null {
  const { machine } = instance;
  if (machine === null || isReachable(facts, machine)) return null;
  const sight = sightOfMachine(facts, instance, machine.seenAt);
  const detail = sight.kind === 'present' ? sight.machine.detail : '';
  return detail === '' ? 'its provider has not said where its port is reached' : detail;
}
