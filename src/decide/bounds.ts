import type { GroupMemory } from '../model/group-memory.ts';

/** The minimum and maximum that hold now: a scheduled action's, unless the fleet file's own have changed since. */
export function boundsOf(
  group: { readonly minSize: number; readonly maxSize: number },
  { bounds }: Pick<GroupMemory, 'bounds'>,
): { readonly minSize: number; readonly maxSize: number } {
  const { minSize, maxSize } = group;
  if (bounds === null || bounds.fleetMinSize !== minSize || bounds.fleetMaxSize !== maxSize)
    return { minSize, maxSize };
  return { minSize: bounds.minSize, maxSize: bounds.maxSize };
}
