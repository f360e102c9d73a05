import type { Instance } from '../model/instance.ts';
import type { Draft, Due } from './draft.ts';
import { holdBack } from './launch-backoff.ts';
import { isHeldBack } from './launch-hold.ts';
import { sightOfMachine, targetsOf, targetsSeenAfter } from './sight.ts';
import { isThrottled } from './throttled.ts';

/** The operations that the records call for now. Derived from nothing else, so that a restart goes on where it was. */
export function dueOperations(draft: Draft): Due {
  const launch: string[] = [];
  const terminate: string[] = [];
  const abort: string[] = [];
  for (const instance of draft.live()) {
    const { state, id } = instance;
    const busy = draft.snapshot.busy.has(id);
    switch (state.name) {
      case 'launching':
        if (busy || isHeldBack(draft, instance) || isThrottled(draft, instance.launchTemplate.provider)) break;
        if (isTime(draft, state.retryAt)) launch.push(id);
        else if (state.retryAt !== null) holdBack(draft, state.retryAt);
        break;
      case 'terminating':
        if (busy) {
          if (instance.machine === null) abort.push(id);
        } else if (instance.machine !== null && isTime(draft, state.retryAt) && mayEnd(draft, instance)) {
          if (!isThrottled(draft, instance.launchTemplate.provider)) terminate.push(id);
        }
        break;
      case 'booting':
      case 'inService':
      case 'draining':
      case 'terminated':
    }
  }
  return { launch, terminate, abort, probe: [...draft.probes] };
}

function isTime(draft: Draft, at: number | null): boolean {
  if (at === null || draft.now >= at) return true;
  draft.wake(at);
  return false;
}

/** Whether the load balancer has let go of it: a machine is never ended under a request that may still reach it. */
function mayEnd(draft: Draft, instance: Instance): boolean {
  const { state } = instance;
  if (state.name !== 'terminating') return false;
  // Only a look that began after the decision can show that it was carried out.
  if (!targetsSeenAfter(draft, state.since)) return false;
  // What has no open requests to finish, or shall not, need only be out of reach of new ones. That much also holds for what has
  // stopped: its address may soon be another's.
  const cut = state.cause === 'operatorTerminate' || hasStopped(draft, instance);
  return targetsOf(draft, instance).every(
    (target) => target === 'absent' || (cut && target !== 'blind' && target.health === 'unavailable'),
  );
}

function hasStopped(draft: Draft, instance: Instance): boolean {
  const { state } = instance;
  if (state.name === 'terminating' && (state.cause === 'machineStopped' || state.cause === 'machineGone')) return true;
  const sight = sightOfMachine(draft, instance, state.since);
  return sight.kind === 'present' && sight.machine.state === 'stopped';
}
