import type { AutoScalingGroup } from '../model/fleet.ts';
import type { GroupMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import type { EpochMs } from '../model/time.ts';

/**
 * When a server's failed health checks begin to count: `healthCheckGracePeriod` after Drover learned of its machine. Checks that nobody
 * could see do not count: the time begins anew when they can be seen again.
 */
export function graceEndsAt(
  { machine, createdAt }: Instance,
  { healthCheckGracePeriodMs }: AutoScalingGroup,
  { seenAgainAt }: GroupMemory,
): EpochMs {
  return Math.max(machine?.seenAt ?? createdAt, seenAgainAt ?? 0) + healthCheckGracePeriodMs;
}

/** When a server in service has warmed up: `defaultInstanceWarmup` after it came into service. */
export function warmAt({ state }: Instance, { defaultInstanceWarmupMs }: AutoScalingGroup): EpochMs {
  return state.since + defaultInstanceWarmupMs;
}
