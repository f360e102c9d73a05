import type { Instance } from '../model/instance.ts';
import { isReadyMember } from '../model/lifecycle.ts';
import type { Draft } from './draft.ts';
import { isHealthy, targetsOf } from './sight.ts';
import type { ProbeSighting } from './snapshot.ts';

/** A probe's answer is believed for so long. */
const PROBE_FRESH_MS = 5_000;
const DISPUTED = 'disputed:';

/**
 * What Drover's own probe says of a server that its load balancer does not find healthy:
 * - `confirmed`: it is unhealthy for both.
 * - `hung`: the same, and it answers nobody: it gave Drover no answer at all, and no other load balancer finds it healthy.
 * - `disputed`: it is healthy for Drover.
 * - `unknown`: there is no fresh answer yet; one is asked for.
 */
export type Confirmation = 'confirmed' | 'hung' | 'disputed' | 'unknown';

/**
 * Whether a server that the load balancer finds unhealthy is unhealthy for Drover too. One observer alone may be the one that is
 * at fault, and ending healthy servers on its word has taken whole services down (karpenter #2811). Asks for a probe where there
 * is no fresh one, and says what it waits for; that the two disagree is reported once, with both answers.
 */
export function confirmation(draft: Draft, instance: Instance): Confirmation {
  // Behind no load balancer there is nobody to doubt.
  if (draft.snapshot.targetGroups.length === 0) return 'confirmed';
  const { health, id } = instance;
  const probe = draft.snapshot.probes.get(id);
  if (probe === undefined || probe.at < health.since || draft.now - probe.at > PROBE_FRESH_MS) {
    draft.probes.add(id);
    draft.hold('secondVantage', `${id} is not healthy for its load balancer: Drover asks it too before it is ended.`);
    return 'unknown';
  }
  reportDispute(draft, instance, probe);
  const answers = probe.answered || targetsOf(draft, instance).some(isHealthy);
  if (!probe.healthy) return answers ? 'confirmed' : 'hung';
  draft.wake(probe.at + PROBE_FRESH_MS + 1);
  draft.hold('secondVantage', `${bothAnswers(draft, instance, probe)}: it is not ended.`);
  return 'disputed';
}

function reportDispute(draft: Draft, instance: Instance, probe: ProbeSighting): void {
  draft.condition(`${DISPUTED}${instance.id}`, probe.healthy, () =>
    draft.tell('healthDisputed', `${bothAnswers(draft, instance, probe)}.`, { level: 'warning', instance }),
  );
}

/** Both observers' answers, so that a person can see which of them to look into. */
function bothAnswers(draft: Draft, instance: Instance, probe: ProbeSighting): string {
  const details = targetsOf(draft, instance).map((target) => (typeof target === 'object' ? target.detail : ''));
  const detail = details.find((text) => text !== '') ?? 'no check has passed yet';
  return `${instance.id} is not healthy for its load balancer (${detail}), but healthy for Drover (${probe.detail}), which sends it the same request`;
}

/** A dispute about a server that has recovered, or is on its way out, is over. */
export function forgetDisputes(draft: Draft): void {
  const told = draft.memory.told.filter((code) => {
    if (!code.startsWith(DISPUTED)) return true;
    const instance = draft.get(code.slice(DISPUTED.length));
    return instance !== undefined && isReadyMember(instance) && instance.health.status !== 'healthy';
  });
  if (told.length !== draft.memory.told.length) draft.memory = { ...draft.memory, told };
}
