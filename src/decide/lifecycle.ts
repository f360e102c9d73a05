import type { Instance } from '../model/instance.ts';
import type { Target } from '../model/observation.ts';
import type { Draft } from './draft.ts';
import { targetsOf, targetsSeenAfter } from './sight.ts';

/** Looks in a row without an open request that make a draining server idle: one alone may fall between two requests. */
const IDLE_LOOKS = 3;

/** Ends the draining of those that have no open request left, or no time. */
export function finishDrains(draft: Draft): void {
  for (const instance of draft.live()) {
    const { state } = instance;
    if (state.name !== 'draining') continue;
    const targets = targetsOf(draft, instance);
    const before = draft.capacity();
    // Only a look that began after the decision can show that it was carried out.
    if (targetsSeenAfter(draft, state.since) && targets.every(isIdle)) {
      const ended = draft.end(instance, state.cause);
      draft.tell(
        'drained',
        `${instance.id} is drained after ${seconds(draft.now - state.since)}: no open request is left.`,
        {
          instance: ended,
          before,
        },
      );
    } else if (draft.now >= state.deadline) {
      const open = targets.reduce(
        (sum, target) => sum + (typeof target === 'object' ? target.traffic.openRequests : 0),
        0,
      );
      const ended = draft.end(instance, state.cause);
      draft.tell(
        'drainTimedOut',
        `The deregistration delay of ${instance.id} is over after ${seconds(draft.now - state.since)} with ${open} open requests: they are cut.`,
        { level: 'warning', instance: ended, before },
      );
    } else {
      draft.wake(state.deadline);
    }
  }
}

function isIdle(target: Target | 'absent' | 'blind'): boolean {
  return target === 'absent' || (target !== 'blind' && target.idleLooks >= IDLE_LOOKS);
}

/** Takes an instance out of service: no new requests, open ones finish. */
export function drain(draft: Draft, instance: Instance, cause: DrainCause): Instance {
  const longestMs = Math.max(0, ...draft.snapshot.targetGroups.map((targetGroup) => targetGroup.deregistrationDelayMs));
  return draft.move(instance, {
    name: 'draining',
    since: draft.now,
    deadline: draft.now + longestMs,
    cause,
    reversible: cause === 'scaleIn',
  });
}

export type DrainCause = 'scaleIn' | 'unhealthy' | 'operatorDrain' | 'fleetDown';

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
