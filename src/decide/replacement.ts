import { plural } from '../base/plural.ts';
import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import { followBrake, forgetUnhealthy, healthBrake } from './brake.ts';
import { sizeToReach } from './desired.ts';
import { disruptionBudget, turnOfWorking } from './disruption-budget.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { graceEndsAt } from './grace-and-warmup.ts';
import { type HoldReason, replacementFirst, serverHold } from './hold-reason.ts';
import { launchLimit, recordCrash } from './launch-backoff.ts';
import { retire } from './lifecycle.ts';
import { findOutliers, followOutliers } from './outliers.ts';
import { repairHold } from './repair.ts';
import { type Confirmation, confirmation, noteConfirmation } from './second-vantage.ts';
import { isSuspended, suspension } from './suspension.ts';

/**
 * Takes unhealthy servers out so that new ones are launched for them: after their grace period, a few at a time, not under the
 * brake, and only while launching works (an unhealthy server may recover, one that is gone may not).
 */
export function replaceUnhealthy(draft: Draft): void {
  const found = findOutliers(draft);
  followOutliers(draft, found);
  const outliers = [...new Set(found.flatMap(({ instance, isReplaced }) => (isReplaced ? [instance] : [])))];
  const isUnhealthy = (instance: Instance) => serves(instance) && instance.health.status === 'unhealthy';
  const unhealthy = [...(draft.counts.unhealthy > 0 ? draft.live().filter(isUnhealthy) : []), ...outliers];
  keepReplacements(draft, outliers);
  forgetUnhealthy(draft);
  const brake = healthBrake(draft, unhealthy.length);
  followBrake(draft, brake);
  const pastGrace: Instance[] = [];
  for (const instance of unhealthy) {
    if (draft.waitsFor(gracePeriod(draft, instance))) continue;
    if (instance.health.status === 'unhealthy' && draft.waitsFor(repairHold(draft, instance))) continue;
    pastGrace.push(instance);
  }
  if (brake.kind !== 'free' || pastGrace.length === 0) return;
  const what = 'Unhealthy servers are not replaced';
  if (draft.waitsFor(suspension(draft, ['replaceUnhealthy', 'terminate'], what))) return;
  if (draft.waitsFor(launchLimit(draft).hold)) return;

  const budget = disruptionBudget(draft);
  if (budget.warmAt !== null) draft.wake(budget.warmAt);
  const due = budget.left === 0 ? [] : confirmed(draft, pastGrace);
  const chosen = due.slice(0, budget.left);
  for (const { instance, isHung } of chosen) if (isUnhealthy(instance)) replace(draft, instance, isHung);
  replaceOutliers(
    draft,
    chosen.map(({ instance }) => instance).filter((instance) => !isUnhealthy(instance)),
  );
  const waiting = pastGrace.length - chosen.length;
  if (waiting > 0 && due.length >= budget.left) {
    draft.hold(
      'replacementBudget',
      `${waiting} unhealthy ${plural(waiting, 'server waits', 'servers wait')} to be replaced: ${budget.missing} of ${budget.desired} are missing or warming up, and at most ${budget.limit} may.`,
    );
  }
}

/** Why an unhealthy server is not replaced yet, if it is in its grace period; null after that. */
function gracePeriod(facts: Facts, instance: Instance): HoldReason | null {
  const until = graceEndsAt(instance, facts.snapshot.group, facts.memory);
  if (facts.now >= until) return null;
  const is = 'is unhealthy, but in its grace period.';
  const are = 'are unhealthy, but in their grace periods; the first of them ends then.';
  return serverHold('gracePeriod', { id: instance.id, is, are }, until);
}

interface Confirmed {
  readonly instance: Instance;
  readonly isHung: boolean;
}

/** Those that both observers find unhealthy. What an outlier does to clients' requests needs no second opinion. */
function confirmed(draft: Draft, instances: readonly Instance[]): readonly Confirmed[] {
  const due: Confirmed[] = [];
  for (const instance of instances) {
    const answer: Confirmation =
      instance.health.status === 'healthy' ? { kind: 'confirmed', probe: null } : confirmation(draft, instance);
    noteConfirmation(draft, instance, answer);
    if (answer.kind === 'confirmed' || answer.kind === 'hung') due.push({ instance, isHung: answer.kind === 'hung' });
  }
  return due;
}

/** A replacement that was launched for an outlier is no surplus while something holds the outlier back. */
function keepReplacements(draft: Draft, outliers: readonly Instance[]): void {
  if (isSuspended(draft, 'replaceUnhealthy')) return;
  const begun = Math.max(0, draft.counts.kept - sizeToReach(draft));
  for (const instance of outliers.slice(0, begun)) draft.replaceFirst(instance);
}

/** An outlier still answers health checks and some requests: its replacement serves first, where the maximum leaves room for it. */
function replaceOutliers(draft: Draft, outliers: readonly Instance[]): void {
  for (const instance of outliers) draft.replaceFirst(instance);
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  for (const instance of outliers) {
    const turn = turnOfWorking(draft, draft.replaced);
    if (turn.kind === 'waits') {
      draft.note(replacementFirst(instance));
      continue;
    }
    const before = draft.capacity();
    const { cappedBy } = turn;
    const how = cappedBy === null ? '' : ` The maximum of ${maxSize} leaves no room to replace it first.`;
    const draining = retire(draft, instance, 'outlier');
    draft.replaced += 1;
    const why = `Replacing ${instance.id}: it fails its requests, although its health check passes.${how}`;
    draft.report('replaceUnhealthy', why, { instance: draining, before, cappedBy });
  }
}

/** One that answers nobody will not answer its open requests either: they are cut at once, so that others can answer them. */
function replace(draft: Draft, instance: Instance, isHung: boolean): void {
  if (instance.health.status !== 'unhealthy') return;
  const before = draft.capacity();
  const { detail } = instance.health;
  const draining = retire(draft, instance, 'unhealthy', isHung ? draft.now : null);
  recordCrash(draft, instance, `unhealthy: ${detail}`);
  const silent = isHung ? ', and it does not answer Drover either' : '';
  draft.report(
    'replaceUnhealthy',
    `Replacing ${instance.id}: the load balancer finds it unhealthy (${detail})${silent}.`,
    { instance: draining, before },
  );
}
