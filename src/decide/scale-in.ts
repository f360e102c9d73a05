import { plural } from '../base/plural.ts';
import type { AutoScalingGroup } from '../model/fleet.ts';
import type { Instance } from '../model/instance.ts';
import { lifecycleOf, serves } from '../model/lifecycle.ts';
import { sizeToReach } from './desired.ts';
import type { Draft } from './draft.ts';
import { retire } from './lifecycle.ts';
import { kept } from './scale-out.ts';
import { suspension } from './suspension.ts';
import { chooseVictims } from './victims.ts';

/** Brings the group down to its size. What has served is drained; what has not is terminated. */
export function scaleIn(draft: Draft): void {
  const desired = sizeToReach(draft);
  const surplus = draft.counts.kept - desired;
  if (surplus <= 0) return;
  const cause = draft.snapshot.mode === 'down' ? 'fleetDown' : 'scaleIn';
  const { group } = draft.snapshot;
  if (draft.waitsFor(suspension(draft, ['terminate'], `${surplus} more than ${desired} are not terminated`))) return;
  const victims = chooseVictims(kept(draft), surplus, group);
  for (const [index, instance] of victims.entries()) {
    const before = draft.capacity();
    const ending = retire(draft, instance, cause);
    const doing = `${lifecycleOf(ending).member === 'draining' ? 'Draining' : 'Terminating'} ${instance.id}`;
    const why =
      cause === 'fleetDown'
        ? 'the fleet goes down'
        : `${group.name} should have ${desired} and has ${desired + surplus - index}; ${whyThis(instance, group)}`;
    draft.report(cause, `${doing}: ${why}.`, { instance: ending, before });
  }
}

function whyThis(instance: Instance, { terminationPolicies }: AutoScalingGroup): string {
  if (!serves(instance)) return 'this one is not in service yet';
  if (instance.health.status === 'unhealthy') return 'this one is unhealthy';
  return `chosen by the termination ${plural(terminationPolicies.length, 'policy', 'policies')} ${terminationPolicies.join(', ')}`;
}
