import { END_CAUSES, type Instance } from '../model/instance.ts';
import { isOver } from '../model/lifecycle.ts';
import type { Failure, Machine } from '../model/observation.ts';
import type { Draft } from './draft.ts';
import { recordLaunchFailure } from './launch-backoff.ts';
import { sentence } from './sentence.ts';

/** How long to wait before an ending that failed is tried again, unless the provider names a time. */
const TERMINATE_RETRY_MS = 5_000;

/** Takes in what operations have come to. */
export function applyOutcomes(draft: Draft): void {
  for (const outcome of draft.snapshot.outcomes) {
    const instance = draft.get(outcome.instanceId);
    if (instance === undefined || isOver(instance)) continue;
    switch (outcome.kind) {
      case 'launched':
        launched(draft, instance, outcome.machine);
        break;
      case 'launchFailed':
        launchFailed(draft, instance, outcome.failure);
        break;
      case 'ended':
        ended(draft, instance);
        break;
      case 'endFailed':
        endFailed(draft, instance, outcome.failure);
        break;
    }
  }
}

function launched(draft: Draft, instance: Instance, machine: Machine): void {
  const known = { ...instance, machine: { id: machine.id, endpoint: machine.endpoint, seenAt: draft.now } };
  if (instance.state.name !== 'launching') {
    // Given up meanwhile: knowing the machine is what it takes to end it.
    draft.put(known);
    return;
  }
  if (machine.endpoint === null) {
    const why = `The provider gave ${instance.id} no address.`;
    draft.tell('launchFailed', why, { level: 'error', instance });
    draft.put(known);
    draft.end(known, 'launchFailed');
    recordLaunchFailure(draft, known, why);
    return;
  }
  const booting = draft.move(known, { name: 'booting', since: draft.now });
  const { address, port } = machine.endpoint;
  const name = machine.id === instance.id ? '' : ` (machine ${machine.id})`;
  const then = draft.snapshot.targetGroups.length > 0 ? '; traffic follows when its health checks have passed' : '';
  draft.tell('launched', `Launched ${instance.id} at ${address}:${port}${name}${then}.`, { instance: booting });
}

function launchFailed(draft: Draft, instance: Instance, failure: Failure): void {
  const { state } = instance;
  if (state.name !== 'launching') {
    // The time of the failure is what a list must be younger than to prove that no machine is left.
    if (state.name === 'terminating') draft.move(instance, { ...state, since: draft.now });
    return;
  }
  const why = sentence(failure.message);
  const { launchTimeoutMs } = draft.snapshot.group;
  // The call may have taken effect: with the same id it can be repeated without launching a second machine.
  const repeatable = failure.reaction === 'Transient' || failure.reaction === 'RateLimited';
  recordLaunchFailure(draft, instance, why, failure.retryAfterMs);
  const { notBefore, suspended } = draft.memory.launch;
  const isCurrent = instance.launchTemplate.version === draft.snapshot.group.launchTemplate.version;
  if (repeatable && isCurrent && suspended === null && draft.now - state.since < launchTimeoutMs) {
    draft.move(instance, { ...state, retryAt: notBefore ?? draft.now });
    draft.tell('launchFailed', `Launch failed: ${why} Trying ${instance.id} again.`, { level: 'warning', instance });
    return;
  }
  draft.end(instance, 'launchFailed');
  draft.tell('launchFailed', `Launch failed: ${why} Giving up on ${instance.id}.`, { level: 'error', instance });
}

function ended(draft: Draft, instance: Instance): void {
  if (instance.state.name !== 'terminating') return;
  const before = draft.capacity();
  const { cause } = instance.state;
  const terminated = draft.move(instance, { name: 'terminated', since: draft.now, cause });
  draft.tell('terminated', `${instance.id} has ended (${END_CAUSES[cause]}); nothing of it is left.`, {
    instance: terminated,
    before,
  });
}

function endFailed(draft: Draft, instance: Instance, failure: Failure): void {
  const { state } = instance;
  if (state.name !== 'terminating') return;
  draft.move(instance, { ...state, retryAt: draft.now + (failure.retryAfterMs ?? TERMINATE_RETRY_MS) });
  draft.tell('terminateFailed', `Could not end ${instance.id}: ${sentence(failure.message)} Trying again.`, {
    level: 'warning',
    instance,
  });
}
