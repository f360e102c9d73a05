import { count } from '../base/plural.ts';
import { LAUNCHING_WORKS, type LaunchMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import { awaitsHealth, serves } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';
import { launchHold, triesInWords } from './launch-hold.ts';
import { waitMs } from './launch-wait.ts';
import { retire } from './lifecycle.ts';
import { sentence } from './sentence.ts';
import { isHealthy, targetsOf } from './sight.ts';
import { isSuspended, suspension } from './suspension.ts';
import { throttled } from './throttled.ts';

/** A server that has been in service for so long has shown that it stays: its end is none of its launch template's. */
export const PROVEN_AFTER_MS = 120_000;

/**
 * Takes in a launch that failed or a server that never became healthy. The wait doubles from one failure to the next, between
 * the group's `initialBackoff` and `maxBackoff`; failures that arrive during the wait belong to the same batch and count once.
 * After `suspendAfter` in a row launching stops until a person resumes it. What another launch template than the group's came to
 * says nothing about this one.
 */
export function recordLaunchFailure(
  draft: Draft,
  instance: Instance,
  why: string,
  retryAfterMs: number | null = null,
): void {
  const { launch } = draft.memory;
  const { version } = draft.snapshot.group.launchTemplate;
  if (launch.suspended !== null || instance.launchTemplate.version !== version) return;
  const sameBatch = launch.notBefore !== null && draft.now < launch.notBefore;
  const failures = sameBatch ? launch.failures : launch.failures + 1;
  const failed = { ...launch, failures, why, template: version };
  const backoffMs = Math.max(retryAfterMs ?? 0, backoff(draft, failed));
  const giveUp = failures >= draft.snapshot.group.launchRetry.suspendAfter;
  draft.memory = {
    ...draft.memory,
    launch: {
      ...failed,
      notBefore: sameBatch ? launch.notBefore : draft.now + backoffMs,
      suspended: giveUp ? { since: draft.now, why } : null,
    },
  };
}

/** After what has failed, so that the two are read in the order in which they happened. */
export function reportLaunchSuspension(draft: Draft): void {
  const { failures, suspended } = draft.memory.launch;
  if (suspended === null || suspended === draft.snapshot.memory.launch.suspended) return;
  draft.report(
    'launchSuspended',
    `Launching is suspended after ${failures} failures in a row. The last one: ${suspended.why} Fix the cause, then run \`drover resume ${draft.snapshot.group.name}\` (or change the launch template).`,
    { level: 'error' },
  );
}

/** A server came into service: launching works. Whether the server stays is another matter. */
export function recordLaunchSuccess(draft: Draft): void {
  const { launch } = draft.memory;
  if (launch.failures === 0) return;
  const { crashes } = launch;
  const crashed = { ...launch, failures: 0, suspended: null, notBefore: crashes > 1 ? launch.notBefore : null };
  draft.memory = { ...draft.memory, launch: crashes > 0 ? crashed : launchingWorks(launch) };
}

/** Nothing has failed; what launches wait for besides stays. */
export function launchingWorks({ held, why, template }: LaunchMemory): LaunchMemory {
  return held === null ? LAUNCHING_WORKS : { ...LAUNCHING_WORKS, held, why, template };
}

/**
 * Takes in a server that ends although nobody wanted it to. Soon after it came into service that counts: a server may die once and is
 * replaced at once, with all that die with it; when one that was launched since does the same, launching waits as after a failure, but
 * is never given up: what such servers lack may come back by itself.
 */
export function recordCrash(draft: Draft, instance: Instance, how: string): void {
  const { launch } = draft.memory;
  const { version } = draft.snapshot.group.launchTemplate;
  const { state, createdAt } = instance;
  if (!serves(instance) || instance.launchTemplate.version !== version) return;
  const servedMs = draft.now - state.since;
  // One that was drained and is kept has been in service before.
  const isProven = createdAt + draft.snapshot.group.healthCheckGracePeriodMs + PROVEN_AFTER_MS <= draft.now;
  if (servedMs >= PROVEN_AFTER_MS || isProven) return;
  if (launch.crashedAt !== null && createdAt < launch.crashedAt) return;
  const why = `${instance.id} ended ${(servedMs / 1000).toFixed(1)} s after it came into service${how === '' ? '' : ` (${how})`}.`;
  const crashed = { ...launch, crashes: launch.crashes + 1, crashedAt: draft.now, why, template: version };
  const waits = crashed.crashes > 1 ? draft.now + backoff(draft, crashed) : 0;
  const notBefore = Math.max(waits, launch.notBefore ?? 0);
  draft.memory = { ...draft.memory, launch: { ...crashed, notBefore: notBefore === 0 ? null : notBefore } };
}

/** What it takes to end a server that is not healthy yet. */
const GIVING_UP = ['healthCheck', 'replaceUnhealthy', 'terminate'] as const;

/**
 * A changed launch template starts anew: it waits for none of its predecessor's failures, and makes room for itself where that one is
 * still tried in vain.
 */
export function startAnewWithTemplate(draft: Draft): void {
  const { launch } = draft.memory;
  const { version } = draft.snapshot.group.launchTemplate;
  for (const instance of draft.counts.operated > 0 ? draft.live() : []) {
    const { state, launchTemplate } = instance;
    if (state.name !== 'launching' || launchTemplate.version === version) continue;
    if ((state.retryAt === null && launch.held === null) || draft.snapshot.busy.has(instance.id)) continue;
    draft.report(
      'launchFailed',
      `Giving up on ${instance.id}: its launch failed, and the launch template has changed.`,
      { instance: draft.end(instance, 'launchFailed') },
    );
  }
  if (launch.template === null || launch.template === version) return;
  draft.memory = { ...draft.memory, launch: LAUNCHING_WORKS, fullPlacements: [] };
  if (launch.notBefore === null && launch.suspended === null && launch.held === null) return;
  draft.report('launchResumed', 'Launching starts anew: the launch template has changed.');
  if (launch.failures > 0 && !GIVING_UP.some((process) => isSuspended(draft, process))) giveBootingUp(draft, launch);
}

/** A server of a template that has only failed would be waited for until its grace period is over. */
function giveBootingUp(draft: Draft, { template }: LaunchMemory): void {
  for (const instance of draft.live()) {
    const { health, launchTemplate } = instance;
    if (!awaitsHealth(instance)) continue;
    if (health.status === 'healthy' || launchTemplate.version !== template) continue;
    // It may be healthy where that cannot be seen, or is not noted yet.
    if (targetsOf(draft, instance).some((target) => target === 'blind' || isHealthy(target))) continue;
    const before = draft.capacity();
    const ended = retire(draft, instance, 'neverHealthy');
    draft.report(
      'neverHealthy',
      `Giving up on ${instance.id} before it was healthy: its launch template has failed so far, and has changed.`,
      { instance: ended, before },
    );
  }
}

/** How many launches may be under way now: after a failure one at a time, until a server has come into service. */
export interface LaunchLimit {
  readonly count: number;
  /** Why it is none; null where it is not. */
  readonly hold: HoldReason | null;
}

export function launchLimit(facts: Facts): LaunchLimit {
  const hold = whyNotLaunched(facts);
  if (hold !== null) return { count: 0, hold };
  const { failures, crashes, held } = facts.memory.launch;
  return { count: failures > 0 || crashes > 1 || held !== null ? 1 : Number.POSITIVE_INFINITY, hold: null };
}

function whyNotLaunched(facts: Facts): HoldReason | null {
  const { failures, notBefore, suspended } = facts.memory.launch;
  const { name, launchTemplate } = facts.snapshot.group;
  const off = suspension(facts, ['launch'], 'Nothing is launched');
  if (off !== null) return off;
  if (suspended !== null) {
    return groupHold(
      'launchSuspended',
      `Launching is suspended after ${failures} failures in a row. The last one: ${suspended.why} Resume with \`drover resume ${name}\` (or change the launch template).`,
    );
  }
  const hold = launchHold(facts) ?? throttled(facts, launchTemplate.provider);
  if (hold !== null) return hold;
  if (notBefore !== null && facts.now < notBefore) return launchBackoff(facts, notBefore);
  return null;
}

/** Why the next launch waits: how many failures there were, what the last one was, and until when. */
export function launchBackoff({ memory: { launch } }: Facts, until: EpochMs): HoldReason {
  const last = launch.why === '' ? '.' : `: ${launch.why}`;
  return groupHold('launchBackoff', `The next launch waits after ${inWords(launch)}${last}`, until);
}

/** Why no more than one is launched. */
export function oneAtATime({ memory: { launch } }: Facts): HoldReason {
  return groupHold(
    'launchBackoff',
    `One server is launched at a time after ${inWords(launch)}. The last one: ${sentence(launch.why)}`,
  );
}

function inWords(launch: LaunchMemory): string {
  const { failures, crashes } = launch;
  const crashed = crashes > 1 ? `${crashes} servers in a row that ended soon after they came into service` : '';
  const failed = failures > 0 ? count(failures, 'failure') : '';
  return [failed, crashed, triesInWords(launch)].filter((part) => part !== '').join(' and ');
}

/** The first crash is free: one server may die young. */
function backoff(facts: Facts, { failures, crashes }: LaunchMemory): number {
  return waitMs(facts, failures + Math.max(0, crashes - 1));
}
