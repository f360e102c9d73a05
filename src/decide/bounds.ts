import type { GroupMemory } from '../model/group-memory.ts';

/**
 * The minimum and maximum that hold now: a scheduled action's, unless the fleet file's own have changed since. The maximum holds over
 * the minimum.
 */
export function boundsOf(
  group: { readonly minSize: number; readonly maxSize: number },
  { bounds }: Pick<GroupMemory, 'bounds'>,
): { readonly minSize: number; readonly maxSize: number } {
  const { minSize, maxSize } = group;
  if (bounds === null || bounds.fleetMinSize !== minSize || bounds.fleetMaxSize !== maxSize)
    return { minSize, maxSize };
  return { minSize: Math.min(bounds.minSize, bounds.maxSize), maxSize: bounds.maxSize };
}
