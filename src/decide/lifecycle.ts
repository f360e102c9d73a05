import { count, plural } from '../base/plural.ts';
import type { EndCause, Instance } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';
import type { Target } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import { targetsOf, targetsSeenAfter } from './sight.ts';

const REPEATED = 'Those that are safe to repeat and have no answer yet begin again on another server.';

/** Observations in a row without an open request that make a draining server idle: one alone may fall between two requests. */
const IDLE_OBSERVATIONS = 3;

/** Ends the draining of those that have no open request left, or no time. */
export function finishDrains(draft: Draft): void {
  if (draft.counts.draining === 0) return;
  for (const instance of draft.live()) {
    const { state } = instance;
    // Only what was observed after the decision can show that it was carried out.
    if (state.name !== 'draining' || !targetsSeenAfter(draft, state.since)) continue;
    const targets = targetsOf(draft, instance);
    const before = draft.capacity();
    const tookMs = draft.now - state.since;
    if (targets.every(isIdle)) {
      const ended = draft.end(instance, state.cause);
      draft.report('drained', `${instance.id} is drained after ${seconds(tookMs)}: no open request is left.`, {
        instance: ended,
        before,
      });
    } else if (state.deadline === null) {
      startDeadline(draft, instance, targets);
    } else if (draft.now >= state.deadline && targets.every(isOut)) {
      const open = targets.reduce((sum, target) => sum + (isSeen(target) ? target.traffic.openRequests : 0), 0);
      const ended = draft.end(instance, state.cause);
      const why =
        state.deadline <= state.since
          ? `${instance.id} answers nobody`
          : `The deregistration delay of ${instance.id} is over after ${seconds(tookMs)}`;
      draft.report('drainTimedOut', `${why}: ${openRequests(open)} cut. ${REPEATED}`, {
        level: 'warning',
        instance: ended,
        before,
      });
    } else {
      draft.wake(state.deadline);
    }
  }
}

/** The delay is the requests' own: it runs from when the load balancer was seen to drain, not from the wish. */
function startDeadline(draft: Draft, instance: Instance, targets: readonly (Target | 'absent' | 'blind')[]): void {
  const { state } = instance;
  if (state.name !== 'draining' || !targets.every(isOut)) return;
  const longestMs = Math.max(...draft.snapshot.targetGroups.map(({ deregistrationDelayMs }) => deregistrationDelayMs));
  const deadline = draft.now + longestMs;
  draft.move(instance, { ...state, deadline });
  draft.wake(deadline);
}

/** No new requests come from there. */
function isOut(target: Target | 'absent' | 'blind'): boolean {
  return !isSeen(target) || target.health === 'draining' || target.health === 'unavailable';
}

function isSeen(target: Target | 'absent' | 'blind'): target is Target {
  return typeof target === 'object';
}

function isIdle(target: Target | 'absent' | 'blind'): boolean {
  return target === 'absent' || (isSeen(target) && target.idleObservations >= IDLE_OBSERVATIONS);
}

/**
 * Takes an instance out: no new requests, open ones finish, then it is terminated. What no load balancer can know is terminated at once; a
 * booting one may have become healthy and got a request in this very moment.
 * @param deadline until when open requests may finish; null for the deregistration delay
 */
export function retire(draft: Draft, instance: Instance, cause: EndCause, deadline: EpochMs | null = null): Instance {
  if (!lifecycleOf(instance).mayBeDrained || draft.snapshot.targetGroups.length === 0)
    return draft.end(instance, cause);
  return draft.move(instance, {
    name: 'draining',
    since: draft.now,
    deadline,
    cause,
    reversible: cause === 'scaleIn' && serves(instance),
  });
}

function openRequests(open: number): string {
  return `${count(open, 'open request')} ${plural(open, 'is', 'are')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
