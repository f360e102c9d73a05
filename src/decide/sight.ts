import type { Instance } from '../model/instance.ts';
import type { Machine, Target } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { View } from './snapshot.ts';

/**
 * Whether all that a decision needs can be seen. While it cannot, what was begun goes on, but nothing new is launched, replaced
 * or scaled in: an observer that has lost its sight must not act on what it imagines.
 */
export function blindness(draft: Draft): 'sighted' | 'blind' {
  const { machines, targets } = draft.snapshot;
  // Before the first survey nobody knows whether the records are all that there is.
  const unsurveyed = !draft.memory.surveyed && machines.kind === 'seen' && machines.value.previous === null;
  const provider = draft.snapshot.group.launchTemplate.provider;
  let blind = report(draft, machines, 'provider', `the ${provider} provider`, 'providerBlind', 'providerVisible');
  for (const [name, view] of targets) {
    const subject = `the load balancer of target group ${name}`;
    if (report(draft, view, `loadBalancer:${name}`, subject, 'loadBalancerBlind', 'loadBalancerVisible')) blind = true;
  }
  return blind || unsurveyed ? 'blind' : 'sighted';
}

function report(
  draft: Draft,
  view: View<unknown>,
  code: string,
  subject: string,
  begin: 'providerBlind' | 'loadBalancerBlind',
  end: 'providerVisible' | 'loadBalancerVisible',
): boolean {
  const why = view.kind === 'blind' ? (view.failure?.message ?? 'it has not answered yet') : '';
  // Not looked at yet is how every start begins: worth waiting for, not worth an activity.
  const failing = view.kind === 'blind' && view.failure !== null;
  draft.condition(
    `blind:${code}`,
    failing,
    () =>
      draft.tell(begin, `Cannot see ${subject} (${why}): nothing is launched, replaced or scaled in meanwhile.`, {
        level: 'warning',
      }),
    () => {
      draft.memory = { ...draft.memory, sightedAt: draft.now };
      draft.tell(end, `Can see ${subject} again.`);
    },
  );
  if (view.kind === 'blind') draft.hold(begin, `Cannot see ${subject} (${why}).`);
  return view.kind === 'blind';
}

/** What the provider's newest list says of an instance's machine. */
export type MachineSight =
  | { readonly kind: 'present'; readonly machine: Machine }
  /** Missing from two lists in a row, both asked for after Drover learned of it. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

export function sightOfMachine(draft: Draft, instance: Instance, knownSince: EpochMs): MachineSight {
  const view = draft.snapshot.machines;
  if (view.kind === 'blind') return { kind: 'unknown' };
  const { at, machines, previous } = view.value;
  const machine = machines.get(instance.id);
  if (machine !== undefined) return { kind: 'present', machine };
  if (at > knownSince && previous !== null && previous.at > knownSince && !previous.machines.has(instance.id))
    return { kind: 'gone' };
  draft.awaitsList = true;
  return { kind: 'unknown' };
}

/** The instance as each of its target groups sees it; `blind` where one cannot be seen, `absent` where it is not a member. */
export function targetsOf(draft: Draft, instance: Instance): (Target | 'absent' | 'blind')[] {
  return draft.snapshot.targetGroups.map(({ name }) => {
    const view = draft.snapshot.targets.get(name);
    if (view === undefined || view.kind === 'blind') return 'blind';
    return view.value.targets.get(instance.id) ?? 'absent';
  });
}

export function isHealthy(target: Target | 'absent' | 'blind'): boolean {
  return typeof target === 'object' && target.health === 'healthy';
}

/** Whether all target groups were looked at after that time. */
export function targetsSeenAfter(draft: Draft, at: EpochMs): boolean {
  return draft.snapshot.targetGroups.every(({ name }) => {
    const view = draft.snapshot.targets.get(name);
    return view?.kind === 'seen' && view.value.at > at;
  });
}
