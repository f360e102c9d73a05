import type { Instance } from '../model/instance.ts';
import { isReadyMember } from '../model/lifecycle.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { type HoldReason, serverHold } from './hold-reason.ts';
import { isHealthy, targetsOf } from './sight.ts';
import type { ProbeSighting } from './snapshot.ts';

/** A probe's answer is believed for so long. */
const PROBE_FRESH_MS = 5_000;
const DISPUTED = 'disputed:';

/** What Drover's own probe says of a server that its load balancer does not find healthy. */
export type Confirmation =
  /** It is unhealthy for both. Without a load balancer there is no probe. */
  | { readonly kind: 'confirmed'; readonly probe: ProbeSighting | null }
  /** The same, and it answers nobody: it gave Drover no answer at all, and no other load balancer finds it healthy. */
  | { readonly kind: 'hung'; readonly probe: ProbeSighting }
  /** It is healthy for Drover. */
  | { readonly kind: 'disputed'; readonly probe: ProbeSighting; readonly hold: HoldReason }
  /** There is no fresh answer yet. */
  | { readonly kind: 'unknown'; readonly hold: HoldReason };

/**
 * Whether a server that the load balancer finds unhealthy is unhealthy for Drover too. One observer alone may be the one that is
 * at fault, and ending healthy servers on its word has taken whole services down (karpenter #2811).
 */
export function confirmation(facts: Facts, instance: Instance): Confirmation {
  // Behind no load balancer there is nobody to doubt.
  if (facts.snapshot.targetGroups.length === 0) return { kind: 'confirmed', probe: null };
  const { health, id } = instance;
  const probe = facts.snapshot.probes.get(id);
  if (probe === undefined || probe.at < health.since || facts.now - probe.at > PROBE_FRESH_MS) {
    const is = 'is not healthy for its load balancer: Drover asks it too before it is terminated.';
    const are = 'are not healthy for their load balancers: Drover asks them too before they are terminated.';
    return { kind: 'unknown', hold: serverHold('secondVantage', { id, is, are }) };
  }
  const answers = probe.answered || targetsOf(facts, instance).some(isHealthy);
  if (!probe.healthy) return { kind: answers ? 'confirmed' : 'hung', probe };
  const is = `${bothAnswers(facts, instance, probe)}: it is not terminated.`;
  const are =
    'are not healthy for their load balancers, but healthy for Drover, which sends them the same requests: they are not terminated.';
  return { kind: 'disputed', probe, hold: serverHold('secondVantage', { id, is, are }) };
}

/** Asks for a probe where there is no fresh one, and says what is waited for; that the two disagree is reported once, with both answers. */
export function noteConfirmation(draft: Draft, instance: Instance, confirmed: Confirmation): void {
  switch (confirmed.kind) {
    case 'unknown':
      draft.due.probe.add(instance.id);
      draft.note(confirmed.hold);
      return;
    case 'disputed': {
      const { probe, hold } = confirmed;
      const answers = `${instance.id} ${bothAnswers(draft, instance, probe)}.`;
      const report = () => draft.report('healthDisputed', answers, { level: 'warning', instance });
      draft.condition(`${DISPUTED}${instance.id}`, true, report);
      draft.wake(probe.at + PROBE_FRESH_MS + 1);
      draft.note(hold);
      return;
    }
    case 'confirmed':
    case 'hung':
      if (confirmed.probe !== null) draft.condition(`${DISPUTED}${instance.id}`, false, () => {});
  }
}

/** Both observers' answers, so that a person can see which of them to look into. */
function bothAnswers(facts: Facts, instance: Instance, probe: ProbeSighting): string {
  const details = targetsOf(facts, instance).map((target) => (typeof target === 'object' ? target.detail : ''));
  const detail = details.find((text) => text !== '') ?? 'no check has passed yet';
  return `is not healthy for its load balancer (${detail}), but healthy for Drover (${probe.detail}), which sends it the same request`;
}

/** A dispute about a server that has recovered, or is on its way out, is over. */
export function forgetDisputes(draft: Draft): void {
  const over = [...draft.told].filter((code) => {
    if (!code.startsWith(DISPUTED)) return false;
    const instance = draft.get(code.slice(DISPUTED.length));
    return instance === undefined || !isReadyMember(instance) || instance.health.status === 'healthy';
  });
  draft.forgetTold(over);
}
