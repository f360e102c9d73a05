/**
 * What is true of an instance because of the state that it is in: all that Drover knows of states, beside the steps from one to the
 * next. Who wants to know whether a server counts, serves or leaves asks here and never compares names, so that a new state is one row.
 */

import type { InstanceState, InstanceStateName } from './instance.ts';

export interface Lifecycle {
  /** AWS's name for where an instance is in its life. */
  readonly awsName: 'Pending' | 'InService' | 'Terminating' | 'Terminated';
  /** There is a machine, or may be: it counts against the group's maximum. */
  readonly countsAgainstMaximum: boolean;
  /** It makes up the group's size: it serves, or is on its way there. */
  readonly makesUpSize: boolean;
  /** On its way into service. */
  readonly isPending: boolean;
  /** In service: by its health the group's is judged, and its load is what policies follow. */
  readonly serves: boolean;
  /** As what its target groups have it; null where it is no member. */
  readonly member: 'ready' | 'draining' | null;
  /** It may have open requests: it is drained before it is terminated. */
  readonly mayBeDrained: boolean;
  /** Its target groups are about to add it or to let go of it: to observe them often is worth it. */
  readonly isMoving: boolean;
  /** On its way out. */
  readonly isLeaving: boolean;
  /** On its way out for good: no request is waited for, and nothing calls it back. */
  readonly isEnding: boolean;
  /** Nothing of it is left: the record is history. */
  readonly isOver: boolean;
  /** Of those that are too many, the lowest goes first. */
  readonly scaleInRank: number;
}

const PENDING = {
  awsName: 'Pending',
  countsAgainstMaximum: true,
  makesUpSize: true,
  isPending: true,
  serves: false,
  isLeaving: false,
  isEnding: false,
  isOver: false,
} as const;

const LEAVING = {
  awsName: 'Terminating',
  countsAgainstMaximum: true,
  makesUpSize: false,
  isPending: false,
  serves: false,
  mayBeDrained: false,
  isMoving: true,
  isLeaving: true,
  isOver: false,
  scaleInRank: 3,
} as const;

export const LIFECYCLE: Readonly<Record<InstanceStateName, Lifecycle>> = {
  launching: { ...PENDING, member: null, mayBeDrained: false, isMoving: false, scaleInRank: 0 },
  probing: { ...PENDING, member: null, mayBeDrained: false, isMoving: false, scaleInRank: 1 },
  // It may have become healthy and got a request in this very moment.
  booting: { ...PENDING, member: 'ready', mayBeDrained: true, isMoving: true, scaleInRank: 1 },
  inService: {
    awsName: 'InService',
    countsAgainstMaximum: true,
    makesUpSize: true,
    isPending: false,
    serves: true,
    member: 'ready',
    mayBeDrained: true,
    isMoving: false,
    isLeaving: false,
    isEnding: false,
    isOver: false,
    scaleInRank: 2,
  },
  draining: { ...LEAVING, member: 'draining', isEnding: false },
  terminating: { ...LEAVING, member: null, isEnding: true },
  terminated: {
    ...LEAVING,
    awsName: 'Terminated',
    countsAgainstMaximum: false,
    member: null,
    isMoving: false,
    isEnding: true,
    isOver: true,
  },
};

export const INSTANCE_STATE_NAMES = Object.keys(LIFECYCLE) as readonly InstanceStateName[];

interface Stated {
  readonly state: { readonly name: InstanceStateName };
}

export function lifecycleOf({ state }: Stated): Lifecycle {
  return LIFECYCLE[state.name];
}

export function serves(instance: Stated): boolean {
  return lifecycleOf(instance).serves;
}

export function isPending(instance: Stated): boolean {
  return lifecycleOf(instance).isPending;
}

export function isEnding(instance: Stated): boolean {
  return lifecycleOf(instance).isEnding;
}

export function isOver(instance: Stated): boolean {
  return lifecycleOf(instance).isOver;
}

/** Whether it is to get requests as soon as it is healthy. */
export function isReadyMember(instance: Stated): boolean {
  return lifecycleOf(instance).member === 'ready';
}

/** Whether it comes into service as soon as it is healthy. */
export function awaitsHealth(instance: Stated): boolean {
  return isReadyMember(instance) && isPending(instance);
}

/** Whether it may come back into service when it is needed again. */
export function mayComeBack({ state }: { readonly state: InstanceState }): boolean {
  switch (state.name) {
    case 'draining':
      return state.reversible;
    case 'launching':
    case 'probing':
    case 'booting':
    case 'inService':
    case 'terminating':
    case 'terminated':
      return false;
  }
}
