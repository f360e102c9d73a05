import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { GroupSize } from './policies/policy.ts';
import { isRetiring } from './requests.ts';
import { kept } from './scale-out.ts';

/** How many servers there are, as policies count them. */
export function groupSize(draft: Draft): GroupSize {
  const warmupMs = draft.snapshot.group.defaultInstanceWarmupMs;
  const canLaunch = draft.memory.launch.failures === 0;
  let warm = 0;
  let settled = 0;
  let warming = 0;
  let coming = 0;
  let warmAt: EpochMs | null = null;
  for (const { state, health, request } of draft.live()) {
    if (state.name !== 'inService') continue;
    const until = state.since + warmupMs;
    if (draft.now < until) {
      if (isRetiring({ request })) continue;
      warming += 1;
      warmAt = Math.max(warmAt ?? until, until);
      continue;
    }
    if (health.status !== 'unhealthy') warm += 1;
    if (!isRetiring({ request })) settled += 1;
  }
  if (canLaunch) coming = kept(draft).filter(({ state }) => state.name !== 'inService').length;
  return {
    desired: draft.memory.desired ?? 0,
    warm,
    settled,
    warming: warming + coming,
    warmAt: coming > 0 ? null : warmAt,
  };
}
