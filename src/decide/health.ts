import { placesOf } from '../model/endpoint.ts';
import { END_CAUSES, type Health, type Instance } from '../model/instance.ts';
import { awaitsHealth, isEnding, lifecycleOf, serves } from '../model/lifecycle.ts';
import type { Target } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { graceEndsAt } from './grace-and-warmup.ts';
import type { HoldReason } from './hold-reason.ts';
import { recordCrash, recordLaunchFailure, recordLaunchSuccess } from './launch-backoff.ts';
import { retire } from './lifecycle.ts';
import { followAddresses, giveUpUnseenLaunch, refOf, whyUnreachable } from './machine-addresses.ts';
import { register } from './registration.ts';
import { type Confirmation, confirmation, forgetDisputes, noteConfirmation } from './second-vantage.ts';
import { isHealthy, type MachineSight, noteSight, sightOfMachine, targetsOf } from './sight.ts';
import { suspension } from './suspension.ts';
import { followZone } from './zones.ts';

/**
 * Takes in what the provider and the load balancer say of each machine: the provider's word that it does not run is final, the
 * load balancer's is what traffic depends on, and what neither can tell is unknown, never unhealthy.
 */
export function assessHealth(draft: Draft): void {
  for (const instance of draft.live()) {
    if (instance.machine === null) {
      giveUpUnseenLaunch(draft, instance);
      learnOfMachine(draft, instance);
      continue;
    }
    if (isEnding(instance)) continue;
    const sight = sightOfMachine(draft, instance, instance.machine.seenAt);
    noteSight(draft, sight);
    const loss = lossOf(draft, instance, sight);
    if (loss !== null && !draft.waitsFor(keptWithoutMachine(draft, instance))) {
      endWithoutMachine(draft, instance, loss);
      continue;
    }
    const placed = sight.kind === 'present' ? followZone(draft, instance, sight.machine) : instance;
    const followed = followAddresses(draft, placed, sight);
    if (followed.state.name === 'probing') {
      const given = register(draft, followed);
      if (given !== null && !draft.waitsFor(keptThoughLate(draft, followed))) giveUp(draft, followed, given.detail);
      continue;
    }
    if (lifecycleOf(followed).member === null) continue;
    const assessed = noteHealth(draft, followed, verdict(draft, followed, sight));
    // Behind no load balancer it depends on its list alone.
    if (sight.kind === 'gone' && draft.snapshot.targetGroups.length === 0) draft.awaitList();
    if (awaitsHealth(assessed)) comeIntoServiceOrGiveUp(draft, assessed);
  }
  forgetDisputes(draft);
}

/** An ending that never knew its machine finds it in the provider's list, or is done when two lists do not have it. */
function learnOfMachine(draft: Draft, instance: Instance): void {
  if (instance.state.name !== 'terminating' || draft.snapshot.busy.has(instance.id)) return;
  const sight = sightOfMachine(draft, instance, instance.state.since);
  noteSight(draft, sight);
  if (sight.kind === 'present') {
    draft.put({ ...instance, machine: refOf(sight.machine, draft.now) });
  } else if (sight.kind === 'gone') {
    const before = draft.capacity();
    const { cause } = instance.state;
    const terminated = draft.move(instance, { name: 'terminated', since: draft.now, cause });
    draft.report('terminated', `${instance.id} is terminated (${END_CAUSES[cause]}) without a machine.`, {
      instance: terminated,
      before,
    });
  }
}

/** How long a new server keeps its place at least while its load balancer and Drover disagree on it. */
const DISPUTE_MIN_MS = 30_000;

/** What it takes to end a server because it is not well. */
const REPLACING = ['healthCheck', 'replaceUnhealthy', 'terminate'] as const;

/** A machine that does not run any more, as its provider says. */
type Loss = Exclude<MachineSight, { readonly kind: 'unknown' }>;

/** How a server lost its machine; null while it has one as far as is known. */
function lossOf(facts: Facts, instance: Instance, sight: MachineSight): Loss | null {
  if (sight.kind === 'unknown' || (sight.kind === 'present' && sight.machine.state !== 'stopped')) return null;
  // A load balancer that still gets good answers from it knows better than a list that lacks it.
  const isAnswering = !isSucceeded(facts, instance) && targetsOf(facts, instance).some(isHealthy);
  return sight.kind === 'gone' && isAnswering ? null : sight;
}

/** Why a server that has lost its machine is not terminated; null if it is. What is on its way out goes on. */
function keptWithoutMachine(facts: Facts, instance: Instance): HoldReason | null {
  if (lifecycleOf(instance).isLeaving) return null;
  const is = 'stays, although its machine does not run';
  const are = 'stay, although their machines do not run';
  return suspension(facts, REPLACING, { id: instance.id, is, are });
}

function endWithoutMachine(draft: Draft, instance: Instance, loss: Loss): void {
  const { isPending: early, isLeaving } = lifecycleOf(instance);
  const before = draft.capacity();
  // It was to end in any case.
  const level = isLeaving ? 'info' : 'warning';
  // A machine that has stopped explains its failed checks: they say nothing about the others, so the health brake forgets them.
  draft.noteUnhealthy(instance.id, null);
  if (loss.kind === 'present') {
    const detail = loss.machine.detail === '' ? '' : ` (${loss.machine.detail})`;
    const ended = draft.end(instance, 'machineStopped');
    const what = isLeaving
      ? `stopped while it was drained${detail}`
      : `has stopped${detail}: it is removed and terminated`;
    draft.report('machineStopped', `The machine of ${instance.id} ${what}.`, {
      level,
      instance: ended,
      before,
    });
    // Before it ever served, the end of its machine is a launch that failed.
    if (early)
      recordLaunchFailure(draft, instance, `The machine of ${instance.id} stopped before it was healthy${detail}.`);
    else recordCrash(draft, instance, loss.machine.detail);
  } else {
    const ended = draft.end(instance, 'machineGone');
    const when = isLeaving ? ', which was being drained' : '';
    draft.report('machineGone', `The provider does not list the machine of ${instance.id} any more${when}.`, {
      level,
      instance: ended,
      before,
    });
    if (early) recordLaunchFailure(draft, instance, `The machine of ${instance.id} vanished before it was healthy.`);
    else recordCrash(draft, instance, 'its machine is gone');
  }
}

/** Whether another machine has its place by now: good answers from there are that one's. */
function isSucceeded({ snapshot }: Facts, { machine }: Instance): boolean {
  const { machines } = snapshot;
  if (machines.kind === 'blind' || machine === null) return false;
  const { places } = machines.value;
  return placesOf(machine).some((place) => (places.get(place) ?? machine.id) !== machine.id);
}

type Verdict =
  | { readonly status: 'healthy' }
  | { readonly status: 'unknown' }
  | { readonly status: 'unhealthy'; readonly detail: string };

function verdict(facts: Facts, instance: Instance, sight: MachineSight): Verdict {
  const targets = targetsOf(facts, instance);
  const bad = targets.find((target): target is Target => typeof target === 'object' && target.health === 'unhealthy');
  if (bad !== undefined) return { status: 'unhealthy', detail: bad.detail };
  if (targets.length > 0) return { status: targets.every(isHealthy) ? 'healthy' : 'unknown' };
  // Behind no load balancer, running is all that can be known.
  return { status: sight.kind === 'present' && sight.machine.state === 'running' ? 'healthy' : 'unknown' };
}

function noteHealth(draft: Draft, instance: Instance, seen: Verdict): Instance {
  const { health } = instance;
  // Unknown is no news: what was known last stays until something else is known.
  if (seen.status === 'unknown' || seen.status === health.status) return instance;
  if (seen.status === 'unhealthy') {
    const what = { id: instance.id, is: 'is unhealthy, which is not noted', are: 'are unhealthy, which is not noted' };
    if (draft.waitsFor(suspension(draft, ['healthCheck'], what))) return instance;
  }
  const since = draft.now;
  const next: Health =
    seen.status === 'healthy' ? { status: 'healthy', since } : { status: 'unhealthy', since, detail: seen.detail };
  const noted = { ...instance, health: next };
  draft.put(noted);
  if (!serves(noted)) return noted;
  if (seen.status === 'unhealthy') {
    draft.noteUnhealthy(instance.id, since);
    draft.report(
      'unhealthy',
      `The load balancer finds ${instance.id} unhealthy (${seen.detail}): it gets no traffic.`,
      { level: 'warning', instance: noted },
    );
  } else {
    draft.report('recovered', `${instance.id} is healthy again.`, { instance: noted });
  }
  return noted;
}

/**
 * Whether a new server that is healthy for Drover alone still keeps its place. It would never get a request, so it does not for ever;
 * but while its load balancer finds none of the group healthy, that one is the more likely to be wrong.
 */
function isDisputeOpen({ now, counts }: Facts, until: EpochMs): boolean {
  return now < until || (counts.inService > 0 && counts.unhealthy === counts.inService);
}

function comeIntoServiceOrGiveUp(draft: Draft, instance: Instance): void {
  const before = draft.capacity();
  if (instance.health.status === 'healthy') {
    const serving = draft.move(instance, { name: 'inService', since: draft.now });
    const seconds = ((draft.now - instance.createdAt) / 1000).toFixed(1);
    draft.report('inService', `${instance.id} is healthy and in service ${seconds} s after launch.`, {
      instance: serving,
      before,
    });
    recordLaunchSuccess(draft);
    return;
  }
  const { id } = instance;
  if (draft.snapshot.targetGroups.length > 0) {
    const what = {
      id,
      is: 'gets no requests from its target groups',
      are: 'get no requests from their target groups',
    };
    if (draft.waitsFor(suspension(draft, ['addToLoadBalancer'], what))) return;
  }
  const graceMs = draft.snapshot.group.healthCheckGracePeriodMs;
  const graceEnd = graceEndsAt(instance, draft.snapshot.group, draft.memory);
  if (draft.now < graceEnd) {
    draft.wake(graceEnd);
    return;
  }
  if (draft.waitsFor(keptThoughLate(draft, instance))) return;
  if (targetsOf(draft, instance).includes('blind')) return;
  // Behind no load balancer the provider's list tells; what a load balancer that has gone said of it counts no more.
  if (draft.snapshot.targetGroups.length === 0 && draft.snapshot.machines.kind === 'blind') return;
  const unreachable = whyUnreachable(draft, instance);
  // Who is reached nowhere can be asked nothing.
  const confirmed: Confirmation =
    unreachable === null ? confirmation(draft, instance) : { kind: 'confirmed', probe: null };
  noteConfirmation(draft, instance, confirmed);
  const { kind } = confirmed;
  if (kind === 'unknown') return;
  if (kind === 'disputed') {
    const until = graceEnd + Math.max(graceMs, DISPUTE_MIN_MS);
    draft.wake(until);
    if (isDisputeOpen(draft, until)) return;
  }
  const answer = kind === 'disputed' ? ', though it is healthy for Drover itself' : '';
  const said = unreachable ?? (instance.health.status === 'unhealthy' ? instance.health.detail : '');
  giveUp(draft, instance, said, answer);
}

/** Why a server that was not healthy in time is not terminated; null if it is. */
function keptThoughLate(facts: Facts, { id }: Instance): HoldReason | null {
  const late = { id, is: 'was not healthy in time, and stays', are: 'were not healthy in time, and stay' };
  return suspension(facts, REPLACING, late);
}

/** @param said what is known of why it was not healthy in time; empty for nothing */
function giveUp(draft: Draft, instance: Instance, said: string, answer = ''): void {
  const before = draft.capacity();
  const graceMs = draft.snapshot.group.healthCheckGracePeriodMs;
  const detail = said === '' ? '' : ` (${said})`;
  const why = `${instance.id} was not healthy within its grace period of ${graceMs / 1000} s${detail}${answer}.`;
  const ended = retire(draft, instance, 'neverHealthy');
  draft.report('neverHealthy', `${why} It is terminated.`, {
    level: 'warning',
    instance: ended,
    before,
  });
  recordLaunchFailure(draft, instance, why);
}
