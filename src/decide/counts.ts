import type { Instance } from '../model/instance.ts';
import { lifecycleOf } from '../model/lifecycle.ts';
import { zoneKey } from './zone-key.ts';

/**
 * How many instances there are of each kind that a decision asks for. Kept along while it is made, so that no step goes through all of
 * them to find out that there are none.
 */
export class Counts {
  /** Those that are not over. */
  total = 0;
  inService = 0;
  /** In service and healthy; in service and unhealthy. */
  healthy = 0;
  unhealthy = 0;
  /** On their way into service. */
  pending = 0;
  draining = 0;
  /** To be launched, or to be terminated. */
  operated = 0;
  /** In service or on their way there, and not to be replaced: those that make up the group's size. */
  kept = 0;
  /** The same in each zone, by what `zoneKey` says. */
  readonly keptInZone = new Map<string, number>();
  /** In service until their replacement serves; those of them that are healthy. */
  leaving = 0;
  leavingHealthy = 0;
  /** Of which a person has asked for something. */
  requested = 0;

  /** @param by 1 for an instance that is there now, -1 for one that is there no more */
  count(instance: Instance, isLeaving: boolean, by: 1 | -1): void {
    const { countsAgainstMaximum, serves, makesUpSize, isPending } = lifecycleOf(instance);
    const { state, health, request } = instance;
    const isHealthy = serves && health.status === 'healthy';
    if (countsAgainstMaximum) this.total += by;
    if (serves) this.inService += by;
    if (isHealthy) this.healthy += by;
    if (serves && health.status === 'unhealthy') this.unhealthy += by;
    if (isPending) this.pending += by;
    if (state.name === 'draining') this.draining += by;
    if (state.name === 'launching' || state.name === 'terminating') this.operated += by;
    if (makesUpSize && !isLeaving) {
      this.kept += by;
      const zone = zoneKey(instance.launchTemplate.provider, instance.placement.zone);
      this.keptInZone.set(zone, (this.keptInZone.get(zone) ?? 0) + by);
    }
    if (serves && isLeaving) this.leaving += by;
    if (isHealthy && isLeaving) this.leavingHealthy += by;
    if (countsAgainstMaximum && request !== null) this.requested += by;
  }
}
