/** The five things that an instance can be to a person on call; the model's states are finer. */

import type { GroupSummary, InstanceStatus } from './api.ts';

export const SHOWN_STATES = ['pending', 'inService', 'unhealthy', 'draining', 'terminating'] as const;
export type ShownState = (typeof SHOWN_STATES)[number];

export const STATE_WORDS: Record<ShownState, string> = {
  pending: 'Pending',
  inService: 'In service',
  unhealthy: 'Unhealthy',
  draining: 'Draining',
  terminating: 'Terminating',
};

export function shownState({ state, health }: InstanceStatus): ShownState {
  switch (state) {
    case 'launching':
    case 'probing':
    case 'booting':
      return 'pending';
    case 'inService':
      return health === 'unhealthy' ? 'unhealthy' : 'inService';
    case 'draining':
      return 'draining';
    case 'terminating':
    case 'terminated':
      return 'terminating';
  }
}

export type Sizes = Readonly<Record<ShownState, number>>;

/** From the instances where they are known, because a group's row does not part draining from terminating. */
export function sizesOf(group: GroupSummary, instances: readonly InstanceStatus[]): Sizes {
  const sizes = { pending: 0, inService: 0, unhealthy: 0, draining: 0, terminating: 0 };
  if (instances.length > 0) {
    for (const instance of instances) sizes[shownState(instance)] += 1;
    return sizes;
  }
  return {
    ...sizes,
    pending: group.pending,
    inService: group.inService - group.unhealthy,
    unhealthy: group.unhealthy,
    draining: group.terminating,
  };
}

export function byGroup(
  instances: ReadonlyMap<string, InstanceStatus>,
): ReadonlyMap<string, readonly InstanceStatus[]> {
  const groups = new Map<string, InstanceStatus[]>();
  for (const instance of instances.values()) {
    const list = groups.get(instance.group);
    if (list === undefined) groups.set(instance.group, [instance]);
    else list.push(instance);
  }
  return groups;
}
