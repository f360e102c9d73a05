import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';

/** The window in which many newly unhealthy servers count as one event. */
const UNHEALTHY_WINDOW_MS = 60_000;
/** Share of the servers in service that may become unhealthy within a window without a brake; at least one may. */
const UNHEALTHY_SHARE = 0.2;

/** Whether unhealthy servers may be replaced: not where all of them are, or many became so within a short time. */
export type Brake = { readonly kind: 'free' } | { readonly kind: 'all' | 'many'; readonly hold: HoldReason };

/**
 * The health brake. Many that fail together are more often an overload, a bad
 * dependency or a blind observer than so many broken machines, and ending them would make it worse. Machines that their provider
 * says have stopped are not held back by it.
 *
 * The levels are those of AWS and of Kubernetes' node controller: more than max(1, 20 %) within a minute, or all of them.
 */
export function healthBrake(facts: Facts, unhealthy: number): Brake {
  const { inService } = facts.counts;
  const allowed = Math.max(1, Math.floor(inService * UNHEALTHY_SHARE));
  if (unhealthy === inService && inService > allowed) {
    const why = `All ${inService} servers in service are unhealthy: that looks like a fault of what they all depend on, so none is replaced.`;
    return { kind: 'all', hold: groupHold('healthBrake', why) };
  }
  const recent = lately(facts).map(([, at]) => at);
  if (recent.length <= allowed || unhealthy === 0) return { kind: 'free' };
  const why = `${recent.length} servers became unhealthy within ${UNHEALTHY_WINDOW_MS / 1000} s, more than ${allowed} of ${inService}: none is replaced for now.`;
  return { kind: 'many', hold: groupHold('healthBrake', why, Math.min(...recent) + UNHEALTHY_WINDOW_MS) };
}

/** Which servers became unhealthy within the window, and when. */
function lately({ memory, now }: Facts): (readonly [string, EpochMs])[] {
  return Object.entries(memory.unhealthyAt).filter(([, at]) => at > now - UNHEALTHY_WINDOW_MS && at <= now);
}

/** Forgets who became unhealthy before the window. */
export function forgetUnhealthy(draft: Draft): void {
  const recent = lately(draft);
  // Behind no load balancer nothing else may bring the next decision by then.
  if (recent.length > 0) draft.wake(Math.min(...recent.map(([, at]) => at)) + UNHEALTHY_WINDOW_MS);
  if (recent.length === Object.keys(draft.memory.unhealthyAt).length) return;
  draft.memory = { ...draft.memory, unhealthyAt: Object.fromEntries(recent) };
}

/** Reports when the brake begins to hold, and when it lets go. */
export function followBrake(draft: Draft, brake: Brake): void {
  followLevel(draft, 'all', brake, () => {
    // What was found unhealthy in that time says little about each: their time begins anew.
    draft.memory = { ...draft.memory, seenAgainAt: draft.now };
  });
  followLevel(draft, 'many', brake);
  if (brake.kind !== 'free') draft.note(brake.hold);
}

function followLevel(draft: Draft, level: 'all' | 'many', brake: Brake, onEnd = () => {}): void {
  const hold = brake.kind === level ? brake.hold : null;
  draft.condition(
    `healthBrake:${level}`,
    hold !== null,
    () => draft.report('replacementHeld', hold?.message ?? '', { level: 'warning', cappedBy: 'healthBrake' }),
    () => {
      onEnd();
      draft.report('replacementResumed', 'Unhealthy servers may be replaced again, after their grace period.');
    },
  );
}
