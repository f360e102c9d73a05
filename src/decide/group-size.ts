import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { GroupSize } from './policies/policy.ts';
import { isRetiring } from './requests.ts';
import { isSuspended } from './suspension.ts';

/**
 * How many servers there are, as a policy counts them that goes by a reading of that time: a server that was not warm before it was
 * taken had no part in it, even if it is warm by now.
 */
export function groupSize(draft: Draft, readAt: EpochMs): GroupSize {
  const desired = draft.memory.desired ?? 0;
  const warmupMs = draft.snapshot.group.defaultInstanceWarmupMs;
  const inService = draft.live().filter(({ state }) => state.name === 'inService');
  const isWarm = ({ state }: { readonly state: { readonly since: EpochMs } }) => state.since + warmupMs < readAt;
  const staying = inService.filter((instance) => !isRetiring(instance));
  const settled = staying.filter(isWarm);
  const warmAt = staying.filter((instance) => !isWarm(instance)).map(({ state }) => state.since + warmupMs);
  // What is not there yet will be, unless launches fail or are switched off: that must not hold scaling in back for ever.
  const canLaunch = draft.memory.launch.failures === 0 && !isSuspended(draft, 'launch');
  const coming = canLaunch ? Math.max(0, desired - staying.length) : 0;
  return {
    desired,
    warm: inService.filter((instance) => isWarm(instance) && instance.health.status !== 'unhealthy').length,
    settled: settled.length,
    warming: warmAt.length + coming,
    warmAt: coming > 0 || warmAt.length === 0 ? null : Math.max(...warmAt),
  };
}
