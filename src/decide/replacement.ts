import type { Instance } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import { brake } from './brake.ts';
import { target } from './desired.ts';
import type { Draft } from './draft.ts';
import { graceEndsAt, warmAt } from './grace-and-warmup.ts';
import { launchesAllowed, recordCrash } from './launch-backoff.ts';
import { takeOut } from './lifecycle.ts';
import { findOutliers } from './outliers.ts';
import { roomToReplace } from './replace-first.ts';
import { isLeaving, kept } from './scale-out.ts';
import { confirmation } from './second-vantage.ts';
import { heldBySuspension, isSuspended } from './suspension.ts';

/** Share of the desired size that may be missing because of replacements; at least one server may. */
const REPLACEMENT_SHARE = 0.1;

/**
 * Takes unhealthy servers out so that new ones are launched for them: after their grace period, a few at a time, not under the
 * brake, and only while launching works (an unhealthy server may recover, one that is gone may not).
 */
export function replaceUnhealthy(draft: Draft): void {
  const inService = draft.live().filter(serves);
  const outliers = findOutliers(draft);
  const unhealthy = [...inService.filter((instance) => instance.health.status === 'unhealthy'), ...outliers];
  keepReplacements(draft, outliers);
  const held = brake(draft, unhealthy) === 'held';
  const ripe = unhealthy.filter((instance) => pastGrace(draft, instance));
  if (held || ripe.length === 0) return;
  if (heldBySuspension(draft, ['replaceUnhealthy', 'terminate'], 'Unhealthy servers are not replaced')) return;
  if (launchesAllowed(draft) === 0) return;

  const desired = target(draft);
  const budget = Math.max(1, Math.floor(desired * REPLACEMENT_SHARE));
  const missing = Math.max(0, desired - inService.filter((instance) => isWarm(draft, instance)).length);
  const allowed = Math.max(0, budget - missing);
  const due = allowed === 0 ? [] : ripe.filter((instance) => isConfirmed(draft, instance));
  const chosen = due.slice(0, allowed);
  for (const instance of chosen.filter(({ health }) => health.status === 'unhealthy')) replace(draft, instance);
  replaceOutliers(
    draft,
    chosen.filter(({ health }) => health.status !== 'unhealthy'),
  );
  const waiting = ripe.length - Math.min(due.length, allowed);
  if (waiting > 0 && due.length >= allowed) {
    draft.hold(
      'replacementBudget',
      `${waiting} unhealthy ${waiting === 1 ? 'server waits' : 'servers wait'} to be replaced: ${missing} of ${desired} are missing or warming up, and at most ${budget} may.`,
    );
  }
}

/** What an outlier does to clients' requests needs no second opinion. */
function isConfirmed(draft: Draft, instance: Instance): boolean {
  if (instance.health.status === 'healthy') return true;
  const confirmed = confirmation(draft, instance);
  return confirmed === 'confirmed' || confirmed === 'hung';
}

/** A replacement that was launched for an outlier is no surplus while something holds the outlier back. */
function keepReplacements(draft: Draft, outliers: readonly Instance[]): void {
  if (isSuspended(draft, 'replaceUnhealthy')) return;
  const begun = Math.max(0, kept(draft).length - target(draft));
  for (const { id } of outliers.slice(0, begun)) draft.replacedFirst.add(id);
}

/** An outlier still answers health checks and some requests: its replacement serves first, where the maximum leaves room for it. */
function replaceOutliers(draft: Draft, outliers: readonly Instance[]): void {
  for (const { id } of outliers) draft.replacedFirst.add(id);
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  let { surplus, spare, full } = roomToReplace(draft, (instance) => isLeaving(draft, instance));
  for (const instance of outliers) {
    const replaced = surplus >= 0;
    if (!replaced && !full) {
      draft.hold('replacementFirst', `${instance.id} is drained as soon as its replacement is in service.`);
      continue;
    }
    const before = draft.capacity();
    const isCapped = !replaced && spare <= 0;
    const how = isCapped ? ` The maximum of ${maxSize} leaves no room to replace it first.` : '';
    const draining = takeOut(draft, instance, 'outlier');
    const why = `Replacing ${instance.id}: it fails its requests, although its health check passes.${how}`;
    draft.tell('replaceUnhealthy', why, { instance: draining, before, cappedBy: isCapped ? 'maxSize' : null });
    surplus -= 1;
    spare -= 1;
    full = false;
  }
}

/** One that answers nobody will not answer its open requests either: they are cut at once, so that others can answer them. */
function replace(draft: Draft, instance: Instance): void {
  if (instance.health.status !== 'unhealthy') return;
  const before = draft.capacity();
  const { detail } = instance.health;
  const isHung = confirmation(draft, instance) === 'hung';
  const draining = takeOut(draft, instance, 'unhealthy', isHung ? draft.now : null);
  recordCrash(draft, instance, `unhealthy: ${detail}`);
  const silent = isHung ? ', and it does not answer Drover either' : '';
  draft.tell(
    'replaceUnhealthy',
    `Replacing ${instance.id}: the load balancer finds it unhealthy (${detail})${silent}.`,
    {
      instance: draining,
      before,
    },
  );
}

function pastGrace(draft: Draft, instance: Instance): boolean {
  const graceEnd = graceEndsAt(instance, draft.snapshot.group, draft.memory);
  if (draft.now < graceEnd) {
    draft.hold('gracePeriod', `${instance.id} is unhealthy, but in its grace period.`, graceEnd);
    return false;
  }
  return true;
}

function isWarm(draft: Draft, instance: Instance): boolean {
  const at = warmAt(instance, draft.snapshot.group);
  if (draft.now < at) draft.wake(at);
  return draft.now >= at || instance.health.status === 'unhealthy';
}
