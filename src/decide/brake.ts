import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';

/** The window in which many newly unhealthy servers count as one event. */
const UNHEALTHY_WINDOW_MS = 60_000;
/** Share of the servers in service that may become unhealthy within a window without a brake; at least one may. */
const UNHEALTHY_SHARE = 0.2;

/** Whether unhealthy servers may be replaced: not where all of them are, or many became so within a short time. */
export type Brake =
  | { readonly kind: 'free' }
  /** `since`: when the last of those became unhealthy that it took for it to hold. */
  | { readonly kind: 'all' | 'many'; readonly since: EpochMs; readonly hold: HoldReason };

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
  const recent = lately(facts).map(([, at]) => at);
  if (unhealthy === inService && inService > allowed) {
    const why = `All ${inService} servers in service are unhealthy: that looks like a fault of what they all depend on, so none is replaced.`;
    return { kind: 'all', since: Math.max(0, ...recent), hold: groupHold('healthBrake', why) };
  }
  if (recent.length <= allowed || unhealthy === 0) return { kind: 'free' };
  const why = `${recent.length} servers became unhealthy within ${UNHEALTHY_WINDOW_MS / 1000} s, more than ${allowed} of ${inService}: none is replaced for now.`;
  const [since = facts.now] = recent.toSorted((a, b) => a - b).slice(allowed);
  return { kind: 'many', since, hold: groupHold('healthBrake', why, Math.min(...recent) + UNHEALTHY_WINDOW_MS) };
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

/**
 * Reports when the brake begins to hold, and when it lets go. It holds at once, but is reported only when the provider has listed its machines
 * since: where a load balancer notices first that machines have stopped, the list explains it, and there was nothing to brake.
 */
export function followBrake(draft: Draft, brake: Brake): void {
  followLevel(draft, 'all', brake, () => {
    // What was found unhealthy in that time says little about each: their time begins anew.
    draft.memory = { ...draft.memory, seenAgainAt: draft.now };
  });
  followLevel(draft, 'many', brake);
  if (brake.kind !== 'free') draft.note(brake.hold);
}

function followLevel(draft: Draft, level: 'all' | 'many', brake: Brake, onEnd = () => {}): void {
  const held = brake.kind === level ? brake : null;
  const reported = `healthBrakeReported:${level}`;
  draft.condition(`healthBrake:${level}`, held !== null, () => {}, onEnd);
  if (held !== null && !draft.told.has(reported) && !isListedAfter(draft, held.since)) return draft.awaitList();
  draft.condition(
    reported,
    held !== null,
    () => draft.report('replacementHeld', held?.hold.message ?? '', { level: 'warning', cappedBy: 'healthBrake' }),
    () => draft.report('replacementResumed', 'Unhealthy servers may be replaced again, after their grace period.'),
  );
}

function isListedAfter({ snapshot: { machines } }: Facts, at: EpochMs): boolean {
  return machines.kind === 'seen' && machines.value.at > at;
}
