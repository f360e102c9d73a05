import type { Instance } from '../model/instance.ts';
import type { Draft } from './draft.ts';

/** A probe's answer is believed for so long. */
const PROBE_FRESH_MS = 5_000;

/**
 * Whether a server that the load balancer finds unhealthy is unhealthy for Drover too. One observer alone may be the one that is
 * at fault, and ending healthy servers on its word has taken whole services down (karpenter #2811). Asks for a probe where there
 * is no fresh one, and says what it waits for.
 */
export function isConfirmed(draft: Draft, instance: Instance): boolean {
  // Behind no load balancer there is nobody to doubt.
  if (draft.snapshot.targetGroups.length === 0) return true;
  const { health, id } = instance;
  const probe = draft.snapshot.probes.get(id);
  if (probe === undefined || probe.at < health.since || draft.now - probe.at > PROBE_FRESH_MS) {
    draft.probes.add(id);
    draft.hold(
      'secondVantage',
      `${id} is unhealthy for its load balancer: Drover looks for itself before it is ended.`,
    );
    return false;
  }
  if (!probe.healthy) return true;
  draft.wake(probe.at + PROBE_FRESH_MS + 1);
  draft.hold(
    'secondVantage',
    `${id} is unhealthy for its load balancer, but answers Drover itself (${probe.detail}): it is not ended.`,
  );
  return false;
}
