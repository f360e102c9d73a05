import type { Instance } from '../model/instance.ts';
import type { Machine, Target } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import type { View } from './snapshot.ts';
import { awaitsZonesUntil, isZoneUnseen } from './zones.ts';

/** The provider or a load balancer, and why it cannot be seen; null while it can. */
interface Source {
  readonly code: string;
  readonly name: string;
  readonly begin: 'providerBlind' | 'loadBalancerBlind';
  readonly end: 'providerVisible' | 'loadBalancerVisible';
  readonly blind: { readonly why: string; readonly isFailing: boolean } | null;
}

function sources({ snapshot }: Facts): readonly Source[] {
  const { machines, targets, group } = snapshot;
  return [
    {
      code: 'provider',
      name: `the ${group.launchTemplate.provider} provider`,
      begin: 'providerBlind',
      end: 'providerVisible',
      blind: blindness(machines),
    },
    ...[...targets].map(
      ([name, view]): Source => ({
        code: `loadBalancer:${name}`,
        name: `the load balancer of target group ${name}`,
        begin: 'loadBalancerBlind',
        end: 'loadBalancerVisible',
        blind: blindness(view),
      }),
    ),
  ];
}

/** What was not observed yet is how every start begins: worth waiting for, not worth an activity. */
function blindness(view: View<unknown>): Source['blind'] {
  if (view.kind === 'seen') return null;
  return { why: view.failure?.message ?? 'it has not answered yet', isFailing: view.failure !== null };
}

/**
 * Whether all that a decision needs can be seen. While it cannot, what was begun goes on, but nothing new is launched, replaced
 * or scaled in: an observer that has lost its sight must not act on what it imagines.
 */
export function isSighted(facts: Facts): boolean {
  const { machines } = facts.snapshot;
  // Before the second list that has all from before, nobody knows whether the records are all that there is.
  const isFirstList =
    !facts.memory.machinesListed &&
    machines.kind === 'seen' &&
    (!machines.value.hasAllFromBefore || awaitsZonesUntil(facts) !== null);
  return !isFirstList && sources(facts).every(({ blind }) => blind === null);
}

/** Reports that something cannot be seen, or can be seen again: grace periods begin anew then. */
export function followSight(draft: Draft): void {
  for (const { code, name, begin, end, blind } of sources(draft)) {
    if (blind !== null) draft.hold(begin, `Cannot see ${name} (${blind.why}).`);
    // What has not answered yet is neither news nor the end of what was told.
    if (blind?.isFailing === false) continue;
    draft.condition(
      `blind:${code}`,
      blind !== null,
      () =>
        draft.report(
          begin,
          `Cannot see ${name} (${blind?.why}): nothing is launched, replaced or scaled in meanwhile.`,
          { level: 'warning' },
        ),
      () => {
        draft.memory = { ...draft.memory, seenAgainAt: draft.now };
        draft.report(end, `Can see ${name} again.`);
      },
    );
  }
}

/** What the provider's newest list says of an instance's machine. */
export type MachineSight =
  | { readonly kind: 'present'; readonly machine: Machine }
  /** Missing from two lists in a row, both asked for after Drover learned of it. */
  | { readonly kind: 'gone' }
  /** `awaitsList`: the next list will tell. */
  | { readonly kind: 'unknown'; readonly awaitsList: boolean };

export function sightOfMachine(facts: Facts, instance: Instance, knownSince: EpochMs): MachineSight {
  const view = facts.snapshot.machines;
  if (view.kind === 'blind') return { kind: 'unknown', awaitsList: false };
  const { at, machines, previous } = view.value;
  const machine = machines.get(instance.id);
  if (machine !== undefined) return { kind: 'present', machine };
  // What is in a zone that was not seen is not missing.
  if (isZoneUnseen(view.value, instance) || (previous !== null && isZoneUnseen(previous, instance)))
    return { kind: 'unknown', awaitsList: true };
  if (at > knownSince && previous !== null && previous.at > knownSince && !previous.machines.has(instance.id))
    return { kind: 'gone' };
  return { kind: 'unknown', awaitsList: true };
}

/** Notes that the next list is waited for, where that will tell. */
export function noteSight(draft: Draft, sight: MachineSight): void {
  if (sight.kind === 'unknown' && sight.awaitsList) draft.awaitList();
}

/** The instance as each of its target groups sees it; `blind` where one cannot be seen, `absent` where it is not a member. */
export function targetsOf(facts: Facts, instance: Instance): (Target | 'absent' | 'blind')[] {
  return facts.snapshot.targetGroups.map(({ name }) => {
    const view = facts.snapshot.targets.get(name);
    if (view === undefined || view.kind === 'blind') return 'blind';
    return view.value.targets.get(instance.id) ?? 'absent';
  });
}

export function isHealthy(target: Target | 'absent' | 'blind'): boolean {
  return typeof target === 'object' && target.health === 'healthy';
}

/** Whether all target groups were observed after that time. */
export function targetsSeenAfter(facts: Facts, at: EpochMs): boolean {
  return facts.snapshot.targetGroups.every(({ name }) => {
    const view = facts.snapshot.targets.get(name);
    return view?.kind === 'seen' && view.value.at > at;
  });
}
