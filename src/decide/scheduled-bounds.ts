import { plural } from '../base/plural.ts';
/** The minimum and maximum that scheduled actions set, and how long each of them holds. */

import type { AutoScalingGroup } from '../model/fleet.ts';
import type { Bounds } from '../model/group-memory.ts';
import type { ScheduledAction } from '../model/scaling-policy.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';

/** What an action leaves alone stays as it was set. Null where nothing differs from the fleet file. */
export function boundsAfter(action: ScheduledAction, group: AutoScalingGroup, before: Bounds | null): Bounds | null {
  const { minSize: fleetMinSize, maxSize: fleetMaxSize } = group;
  const known = before ?? { minSize: fleetMinSize, maxSize: fleetMaxSize, minSizeBy: null, maxSizeBy: null };
  const min = action.minSize === null ? {} : { minSize: action.minSize, minSizeBy: action.name };
  const max = action.maxSize === null ? {} : { maxSize: action.maxSize, maxSizeBy: action.name };
  return unlessFleets({ ...known, ...min, ...max, fleetMinSize, fleetMaxSize });
}

/**
 * What scheduled actions have set is over once the fleet file's own minimum or maximum changes. What one of them has set is over, too,
 * when that action is taken out of the fleet file, or sets it no more.
 */
export function forgetOldBounds(draft: Draft): void {
  const { bounds } = draft.memory;
  const { group } = draft.snapshot;
  if (bounds === null) return;
  if (bounds.fleetMinSize !== group.minSize || bounds.fleetMaxSize !== group.maxSize) {
    draft.memory = { ...draft.memory, bounds: null };
    return;
  }
  const isGone = (by: string | null, what: 'minSize' | 'maxSize') =>
    by !== null && !group.scheduledActions.some((action) => action.name === by && action[what] !== null);
  const min = isGone(bounds.minSizeBy, 'minSize') ? { minSize: group.minSize, minSizeBy: null } : null;
  const max = isGone(bounds.maxSizeBy, 'maxSize') ? { maxSize: group.maxSize, maxSizeBy: null } : null;
  if (min === null && max === null) return;
  const before = boundsOf(group, draft.memory);
  draft.memory = { ...draft.memory, bounds: unlessFleets({ ...bounds, ...min, ...max }) };
  const changes = boundsInWords(before, boundsOf(group, draft.memory));
  if (changes.length === 0) return;
  const names = new Set([...(min === null ? [] : [bounds.minSizeBy]), ...(max === null ? [] : [bounds.maxSizeBy])]);
  const who = `${plural(names.size, 'action', 'actions')} ${[...names].join(' and ')} ${plural(names.size, 'does', 'do')}`;
  draft.report('scheduledAction', `Scheduled ${who} not hold any more: ${changes.join(', ')}.`);
}

function unlessFleets(bounds: Bounds): Bounds | null {
  const isFleets = bounds.minSize === bounds.fleetMinSize && bounds.maxSize === bounds.fleetMaxSize;
  return isFleets ? null : bounds;
}

type Limits = Pick<Bounds, 'minSize' | 'maxSize'>;

export function boundsInWords(before: Limits, after: Limits): string[] {
  return [
    ...changeInWords('minimum', before.minSize, after.minSize),
    ...changeInWords('maximum', before.maxSize, after.maxSize),
  ];
}

/** `minimum from 1 to 4`; nothing where nothing changes. */
export function changeInWords(what: string, before: number, after: number): string[] {
  return before === after ? [] : [`${what} from ${before} to ${after}`];
}
