import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import type { Draft } from './draft.ts';

/** The window in which many newly unhealthy servers count as one event. */
const UNHEALTHY_WINDOW_MS = 60_000;
/** Share of the servers in service that may become unhealthy within a window without a brake; at least one may. */
const UNHEALTHY_SHARE = 0.2;

/**
 * The health brake: whether unhealthy servers may be replaced at all. Many that fail together are more often an overload, a bad
 * dependency or a blind observer than so many broken machines, and ending them would make it worse. Machines that their provider
 * says have stopped are not held back by it.
 *
 * The levels are those of AWS and of Kubernetes' node controller: more than max(1, 20 %) within a minute, or all of them.
 */
export function brake(draft: Draft, unhealthy: readonly Instance[]): 'free' | 'held' {
  const known = Object.entries(draft.memory.unhealthyAt);
  const recent = known.filter(([, at]) => at > draft.now - UNHEALTHY_WINDOW_MS && at <= draft.now);
  if (recent.length !== known.length) draft.memory = { ...draft.memory, unhealthyAt: Object.fromEntries(recent) };

  const inService = draft.live().filter(serves).length;
  const allowed = Math.max(1, Math.floor(inService * UNHEALTHY_SHARE));
  const all = unhealthy.length === inService && inService > allowed;
  const many = recent.length > allowed && unhealthy.length > 0;
  const oldest = Math.min(...recent.map(([, at]) => at));

  const whyAll = `All ${inService} servers in service are unhealthy: that looks like a fault of what they all depend on, so none is replaced.`;
  const whyMany = `${recent.length} servers became unhealthy within ${UNHEALTHY_WINDOW_MS / 1000} s, more than ${allowed} of ${inService}: none is replaced for now.`;
  tellBrake(draft, 'healthBrake:all', all, whyAll, () => {
    // What was found unhealthy in that time says little about each: their time begins anew.
    draft.memory = { ...draft.memory, sightedAt: draft.now };
  });
  tellBrake(draft, 'healthBrake:many', many && !all, whyMany);
  if (all) draft.hold('healthBrake', whyAll);
  else if (many) draft.hold('healthBrake', whyMany, oldest + UNHEALTHY_WINDOW_MS);
  return all || many ? 'held' : 'free';
}

function tellBrake(draft: Draft, code: string, holds: boolean, why: string, onEnd = () => {}): void {
  draft.condition(
    code,
    holds,
    () => draft.tell('replacementHeld', why, { level: 'warning', cappedBy: 'healthBrake' }),
    () => {
      onEnd();
      draft.tell('replacementResumed', 'Unhealthy servers may be replaced again, after their grace period.');
    },
  );
}
