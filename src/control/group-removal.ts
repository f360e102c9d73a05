import { count, plural } from '../base/plural.ts';
import { providerNamed } from '../fleet/providers.ts';
import type { Fleet, ProviderInstance } from '../model/fleet.ts';
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
    `The fleet has no group ${group} any more, but ${forgotten.length} of its servers run. Put the group back and bring it to 0 first: minSize: 0, then \`drover set-desired ${group} 0\`.`,
  );
}

/** @throws ServiceError `conflict` where servers run whose provider the changed fleet could not see any more */
export function refuseLostProviders(
  before: Fleet,
  after: Fleet,
  instances: readonly Instance[],
  keepsMachines: (before: ProviderInstance, after: ProviderInstance) => boolean,
): void {
  const names = new Set(instances.map(({ launchTemplate }) => launchTemplate.provider));
  for (const name of names) {
    const old = providerNamed(before, name);
    const next = providerNamed(after, name);
    if (old.type === next.type && keepsMachines(old, next)) continue;
    const left = instances.filter(({ launchTemplate }) => launchTemplate.provider === name).length;
    const servers = `${count(left, 'server')} from it ${plural(left, 'runs', 'run')}`;
    throw new ServiceError(
      'conflict',
      `Provider ${name} would be another one, or gone, while ${servers}: Drover could not see them any more. Leave it where it is, add another one under a new name, let launch templates name that, and remove ${name} once its last server is gone.`,
    );
  }
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
