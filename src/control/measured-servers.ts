import { warmAt } from '../decide/grace-and-warmup.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import type { MeasuredServer } from '../ports/metric-source.ts';

/** What can be measured of a group: its servers in service, with their process where it is one of this host. */
export function measuredServers(
  instances: readonly Instance[],
  group: AutoScalingGroup,
  now: EpochMs,
  processOf: (provider: string, machineId: string) => number | null,
): readonly MeasuredServer[] {
  return instances.filter(serves).map((instance) => {
    const { id, machine, launchTemplate } = instance;
    return {
      instanceId: id,
      address: machine?.addresses[0] ?? null,
      pid: machine === null ? null : processOf(launchTemplate.provider, machine.id),
      isWarm: warmAt(instance, group) < now,
    };
  });
}
