import type { Instance } from '../model/instance.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { launchBackoff } from './launch-backoff.ts';
import { launchHoldOf } from './launch-hold.ts';
import { noteSight, sightOfMachine, targetsOf, targetsSeenAfter } from './sight.ts';
import { throttled } from './throttled.ts';
import { zoneHold } from './zones.ts';

/** Notes the operations that the records call for now. They follow from nothing else, so that a restart goes on where it was. */
export function noteDueOperations(draft: Draft): void {
  if (draft.counts.operated === 0) return;
  for (const instance of draft.live()) {
    const { state } = instance;
    switch (state.name) {
      case 'launching':
        noteLaunch(draft, instance, state.retryAt);
        break;
      case 'terminating':
        noteEnding(draft, instance, state.retryAt);
        break;
      case 'probing':
      case 'booting':
      case 'inService':
      case 'draining':
      case 'terminated':
    }
  }
}

function noteLaunch(draft: Draft, instance: Instance, retryAt: EpochMs | null): void {
  const { id, machine, launchTemplate } = instance;
  // With a machine it is launched, and waits for its address.
  if (machine !== null || draft.snapshot.busy.has(id)) return;
  const hold = launchHoldOf(draft, instance) ?? throttled(draft, launchTemplate.provider) ?? zoneHold(draft, instance);
  if (draft.waitsFor(hold)) return;
  if (retryAt !== null && draft.now < retryAt) draft.note(launchBackoff(draft, retryAt));
  else draft.due.launch.push(id);
}

function noteEnding(draft: Draft, instance: Instance, retryAt: EpochMs | null): void {
  const { id, machine, launchTemplate } = instance;
  if (draft.snapshot.busy.has(id)) {
    if (machine === null) draft.due.abort.push(id);
    return;
  }
  if (machine === null) return awaitMachine(draft, instance);
  if (retryAt !== null && draft.now < retryAt) return draft.wake(retryAt);
  const { isLetGo, awaitsList } = release(draft, instance);
  if (awaitsList) draft.awaitList();
  if (!isLetGo) return;
  if (draft.waitsFor(zoneHold(draft, instance))) return;
  if (owesCommand(draft, instance)) draft.due.command.push(id);
  else if (!draft.waitsFor(throttled(draft, launchTemplate.provider))) draft.due.terminate.push(id);
}

/** An ending without a machine goes by the provider's list: by the next one, or by this one at once where it was decided only now. */
function awaitMachine(draft: Draft, instance: Instance): void {
  const sight = sightOfMachine(draft, instance, instance.state.since);
  if (sight.kind === 'unknown') noteSight(draft, sight);
  else draft.wake(draft.now + 1);
}

/** Whether the group's termination command is still to be run for it: not for a machine that has stopped, or was never reached. */
function owesCommand(facts: Facts, instance: Instance): boolean {
  const { state, machine } = instance;
  if (facts.snapshot.group.terminationCommand === null || state.name !== 'terminating' || state.commandEnded)
    return false;
  if (machine === null || machine.addresses.length === 0) return false;
  if (state.cause === 'machineStopped' || state.cause === 'machineGone') return false;
  const sight = sightOfMachine(facts, instance, machine.seenAt);
  return sight.kind === 'unknown' || (sight.kind === 'present' && sight.machine.state !== 'stopped');
}

interface Release {
  readonly isLetGo: boolean;
  /** The provider's next list may tell more. */
  readonly awaitsList: boolean;
}

/** Whether the load balancer has let go of it: a machine is never terminated under a request that may still reach it. */
function release(facts: Facts, instance: Instance): Release {
  const { state } = instance;
  // Only what was observed after the decision can show that it was carried out.
  if (state.name !== 'terminating' || !targetsSeenAfter(facts, state.since)) {
    return { isLetGo: false, awaitsList: false };
  }
  // What has no open requests to finish, or shall not, need only be out of reach of new ones. That much also holds for what has
  // stopped: its address may soon be another's.
  const known =
    state.cause === 'operatorTerminate' || state.cause === 'machineStopped' || state.cause === 'machineGone';
  const sight = known ? null : sightOfMachine(facts, instance, state.since);
  const cut = known || (sight?.kind === 'present' && sight.machine.state === 'stopped');
  const isLetGo = targetsOf(facts, instance).every(
    (target) => target === 'absent' || (cut && target !== 'blind' && target.health === 'unavailable'),
  );
  return { isLetGo, awaitsList: sight?.kind === 'unknown' && sight.awaitsList };
}
