import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import type { Facts } from './facts.ts';
import { warmAt } from './grace-and-warmup.ts';
import type { GroupSize } from './policies/policy.ts';
import { targetsOf } from './sight.ts';
import { isSuspended } from './suspension.ts';

/**
 * How many servers there are, as a policy counts them that goes by a reading of that time: a server that was not warm before it was
 * taken had no part in it, even if it is warm by now.
 */
export function groupSize(facts: Facts, readAt: EpochMs): GroupSize {
  const desired = facts.memory.desired ?? 0;
  const { group } = facts.snapshot;
  const inService = facts.live().filter(serves);
  const isWarm = (instance: Instance) => warmAt(instance, group) < readAt;
  const staying = inService.filter((instance) => !facts.isLeaving(instance));
  const settled = staying.filter(isWarm);
  const warm = inService.filter(isWarm);
  const warmHealthy = warm.filter(({ health }) => health.status !== 'unhealthy').length;
  // The first healthy one answers it.
  const allUnhealthy = inService.length > 0 && !inService.some((instance) => !isUnhealthy(facts, instance));
  const warming = staying.filter((instance) => !isWarm(instance)).map((instance) => warmAt(instance, group));
  // What is not there yet will be, unless launches fail or are switched off: that must not hold scaling in back for ever.
  const canLaunch = facts.memory.launch.failures === 0 && !isSuspended(facts, 'launch');
  const coming = canLaunch ? Math.max(0, desired - staying.length) : 0;
  return {
    desired,
    warm: allUnhealthy ? warm.length : warmHealthy,
    warmUnhealthy: allUnhealthy ? 0 : warm.length - warmHealthy,
    allUnhealthy,
    settled: settled.length,
    warming: warming.length + coming,
    warmAt: coming > 0 || warming.length === 0 ? null : Math.max(...warming),
  };
}

/** By its record, or by what a load balancer says now: failed checks are not noted while that is suspended. */
function isUnhealthy(facts: Facts, instance: Instance): boolean {
  if (instance.health.status === 'unhealthy') return true;
  return targetsOf(facts, instance).some((target) => typeof target === 'object' && target.health === 'unhealthy');
}
