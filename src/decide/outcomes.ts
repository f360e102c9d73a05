import { END_CAUSES, type Instance, type InstanceState } from '../model/instance.ts';
import { isOver } from '../model/lifecycle.ts';
import type { Failure, Machine } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { recordLaunchFailure } from './launch-backoff.ts';
import { endHold, holdLaunches } from './launch-hold.ts';
import { boot, refOf } from './machine-addresses.ts';
import { forgetFull, inWords, noteFull } from './placement.ts';
import { sentence } from './sentence.ts';

/** How long to wait before an ending that failed is tried again, unless the provider names a time. */
const TERMINATE_RETRY_MS = 5_000;

/** The same for a launch that the provider put off, because it is asked too often. */
const RATE_LIMIT_RETRY_MS = 5_000;

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
      case 'commandEnded':
        commandEnded(draft, instance, outcome.failure);
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
  // Also where it was given up meanwhile: knowing the machine is what it takes to end it.
  const known = { ...instance, machine: refOf(machine, draft.now) };
  draft.put(known);
  if (instance.state.name !== 'launching') return;
  endHold(draft);
  forgetFull(draft, instance);
  if (machine.addresses.length > 0) boot(draft, known);
}

function launchFailed(draft: Draft, instance: Instance, failure: Failure): void {
  const { state } = instance;
  if (state.name !== 'launching') {
    // The time of the failure is what a list must be younger than to prove that no machine is left.
    if (state.name === 'terminating') draft.move(instance, { ...state, since: draft.now });
    return;
  }
  const why = sentence(failure.message);
  const isCurrent = instance.launchTemplate.version === draft.snapshot.group.launchTemplate.version;
  const again = isCurrent ? nextTry(draft, instance, failure) : null;
  if (again !== null) {
    draft.move(instance, again);
    const level = failure.reaction === 'RateLimited' ? 'info' : 'warning';
    draft.report('launchFailed', `Launch failed: ${why} Trying ${instance.id} again.`, { level, instance });
    return;
  }
  const ended = draft.end(instance, 'launchFailed');
  if (failure.reaction === 'NoCapacity') {
    // Room is asked for anew, perhaps elsewhere.
    const place = inWords(instance.placement);
    const where = place === '' ? '' : ` (${place})`;
    const full = isCurrent ? noteFull(draft, instance, failure) : { until: null };
    const next = 'instead' in full ? ` Trying ${full.instead} instead.` : '';
    if ('until' in full && isCurrent)
      holdLaunches(draft, instance, { ...failure, reaction: failure.reaction }, full.until);
    const message = `There is no room for ${instance.id}${where}: ${why}${next}`;
    draft.report('noCapacity', message, { level: 'warning', instance: ended });
  } else {
    draft.report('launchFailed', `Launch failed: ${why} Giving up on ${instance.id}.`, { level: 'error', instance });
  }
}

/**
 * Takes in how a launch failed, each in its own way.
 * @returns the instance's state until it is tried again with the same id; null when it is given up. A call that may have taken effect can
 * be repeated with the same id without launching a second machine.
 */
function nextTry(draft: Draft, instance: Instance, failure: Failure): InstanceState | null {
  const { state } = instance;
  if (state.name !== 'launching') return null;
  const isInTime = draft.now - state.since < draft.snapshot.group.launchTimeoutMs;
  switch (failure.reaction) {
    case 'Transient': {
      recordLaunchFailure(draft, instance, sentence(failure.message), failure.retryAfterMs);
      const { notBefore, suspended } = draft.memory.launch;
      return isInTime && suspended === null ? { ...state, retryAt: notBefore ?? draft.now } : null;
    }
    case 'RateLimited':
      // Nothing was tried: the time for it begins anew.
      return { ...state, since: draft.now, retryAt: draft.now + (failure.retryAfterMs ?? RATE_LIMIT_RETRY_MS) };
    case 'Defect':
      holdLaunches(draft, instance, { ...failure, reaction: failure.reaction });
      return isInTime ? { ...state, retryAt: draft.memory.launch.held?.until ?? draft.now } : null;
    case 'NoCapacity':
      return null;
    case 'Unauthorized':
    case 'Invalid':
    case 'NotFound':
    case 'Unsupported':
      holdLaunches(draft, instance, { ...failure, reaction: failure.reaction });
      return null;
  }
}

/** However it has ended: a server is not kept because what is run for it fails. */
function commandEnded(draft: Draft, instance: Instance, failure: Failure | null): void {
  const { state } = instance;
  if (state.name !== 'terminating') return;
  draft.move(instance, { ...state, commandEnded: true });
  if (failure === null) {
    draft.report('terminationCommand', `Ran the termination command for ${instance.id}.`, { instance });
    return;
  }
  const why = `The termination command for ${instance.id} failed: ${sentence(failure.message)}`;
  draft.report('terminationCommandFailed', `${why} It is terminated all the same.`, { level: 'warning', instance });
}

function ended(draft: Draft, instance: Instance): void {
  if (instance.state.name !== 'terminating') return;
  const before = draft.capacity();
  const { cause } = instance.state;
  const terminated = draft.move(instance, { name: 'terminated', since: draft.now, cause });
  draft.report('terminated', `${instance.id} is terminated (${END_CAUSES[cause]}); nothing of it is left.`, {
    instance: terminated,
    before,
  });
}

function endFailed(draft: Draft, instance: Instance, failure: Failure): void {
  const { state } = instance;
  if (state.name !== 'terminating') return;
  draft.move(instance, { ...state, retryAt: draft.now + endRetryMs(draft, state.since, failure) });
  draft.report('terminateFailed', `Could not end ${instance.id}: ${sentence(failure.message)} Trying again.`, {
    level: 'warning',
    instance,
  });
}

/** What no repetition changes is tried ever more seldom: after as long as it has been tried, up to the longest backoff. */
function endRetryMs(facts: Facts, since: EpochMs, { reaction, retryAfterMs }: Failure): number {
  switch (reaction) {
    case 'Transient':
    case 'RateLimited':
    case 'NoCapacity':
    case 'NotFound':
      return retryAfterMs ?? TERMINATE_RETRY_MS;
    case 'Unauthorized':
    case 'Invalid':
    case 'Unsupported':
    case 'Defect':
      return Math.max(TERMINATE_RETRY_MS, Math.min(facts.snapshot.group.launchRetry.maxBackoffMs, facts.now - since));
  }
}
