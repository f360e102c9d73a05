import type { EpochMs } from '../model/time.ts';
import { accountForUnknownMachines } from './adoption.ts';
import { followCrashes, holdCrashLoop } from './crash-loop.ts';
import { resolveDesired } from './desired.ts';
import { type Decision, Draft } from './draft.ts';
import { noteDueOperations } from './due.ts';
import { followPolicies } from './follow-policies.ts';
import { assessHealth } from './health.ts';
import { reportLaunchSuspension, startAnewWithTemplate } from './launch-backoff.ts';
import { reportLaunchHold } from './launch-hold.ts';
import { finishDrains } from './lifecycle.ts';
import { applyOutcomes } from './outcomes.ts';
import { reportFullPlacements } from './placement.ts';
import { followRepairs } from './repair.ts';
import { replaceUnhealthy } from './replacement.ts';
import { retireRequested } from './requests.ts';
import { scaleIn } from './scale-in.ts';
import { scaleOut } from './scale-out.ts';
import { carryOutScheduled } from './scheduled.ts';
import { followSight, isSighted } from './sight.ts';
import type { Snapshot } from './snapshot.ts';
import { noteResumed } from './suspension.ts';
import { followZones } from './zones.ts';

/**
 * Decides about a group: from what is and what should be to what is to be done about it. A pure function of its arguments; the
 * controller, `drover plan` and the simulation call this same one.
 *
 * First what has already happened is taken in (operations, machines, health, drains), then what is wanted is worked out, and
 * last, unless something that matters cannot be seen, the group is moved toward it.
 */
export function decide(snapshot: Snapshot, now: EpochMs): Decision {
  const draft = new Draft(snapshot, now);
  const sighted = isSighted(draft);
  followSight(draft);
  followZones(draft);
  followRepairs(draft);
  noteResumed(draft);
  startAnewWithTemplate(draft);
  applyOutcomes(draft);
  accountForUnknownMachines(draft);
  assessHealth(draft);
  reportLaunchSuspension(draft);
  reportLaunchHold(draft);
  finishDrains(draft);
  resolveDesired(draft);
  if (snapshot.mode === 'up') carryOutScheduled(draft);
  if (sighted && snapshot.mode === 'up') {
    followPolicies(draft);
    replaceUnhealthy(draft);
  }
  followCrashes(draft);
  if (sighted) {
    retireRequested(draft);
    scaleOut(draft);
    reportFullPlacements(draft);
    scaleIn(draft);
  }
  holdCrashLoop(draft);
  noteDueOperations(draft);
  return draft.finish();
}
