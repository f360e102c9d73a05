import type { EndCause, Instance } from '../model/instance.ts';
import { target } from './desired.ts';
import type { Draft } from './draft.ts';
import { type DrainCause, drain } from './lifecycle.ts';
import { kept } from './scale-out.ts';
import { chooseVictims } from './victims.ts';

/** Brings the group down to its size. What has served is drained; what has not is ended. */
export function scaleIn(draft: Draft): void {
  const desired = target(draft);
  const candidates = kept(draft);
  const cause: DrainCause & EndCause = draft.snapshot.mode === 'down' ? 'fleetDown' : 'scaleIn';
  const { group } = draft.snapshot;
  for (const instance of chooseVictims(candidates, candidates.length - desired, group)) {
    const before = draft.capacity();
    const ending = instance.state.name === 'inService' ? drain(draft, instance, cause) : draft.end(instance, cause);
    const has = before.total === 1 ? '1 machine' : `${before.total} machines`;
    draft.tell(
      cause === 'fleetDown' ? 'fleetDown' : 'scaleIn',
      `${instance.state.name === 'inService' ? 'Draining' : 'Ending'} ${instance.id} (${whyThis(instance)}): ${group.name} should have ${desired}; it has ${has}.`,
      { instance: ending, before },
    );
  }
}

function whyThis({ state, health }: Instance): string {
  if (state.name !== 'inService') return 'not in service yet';
  return health.status === 'unhealthy' ? 'unhealthy' : 'chosen by the termination policy';
}
