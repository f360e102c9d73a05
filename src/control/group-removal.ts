import type { Fleet } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import type { GroupLoop } from './group-loop.ts';
import { ServiceError } from './service.ts';

/** @throws ServiceError `conflict` where a group has servers that the fleet does not have any more */
export function refuseForgottenGroups(fleet: Fleet, instances: readonly Instance[]): void {
  const names = new Set(fleet.autoScalingGroups.map(({ name }) => name));
  const forgotten = instances.filter(({ group }) => !names.has(group));
  const group = forgotten[0]?.group;
  if (group === undefined) return;
  throw new ServiceError(
    'conflict',
    `The fleet file has no group ${group} any more, but ${forgotten.length} of its servers run. Put the group back and bring it to 0 first: minSize: 0, then drover set-desired ${group} 0.`,
  );
}

/**
 * Runs a step while the groups that a fleet does not have any more have no servers and can launch none.
 * @throws ServiceError `conflict` where one has servers, and what the step throws
 */
export function whileTheyAreEmpty<T>(fleet: Fleet, groups: readonly GroupLoop[], step: () => Promise<T>): Promise<T> {
  const names = new Set(fleet.autoScalingGroups.map(({ name }) => name));
  const [first, ...others] = groups.filter(({ group }) => !names.has(group.name));
  if (first === undefined) return step();
  return first.whilePaused(async () => {
    refuseForgottenGroups(fleet, first.instances);
    return whileTheyAreEmpty(fleet, others, step);
  });
}
