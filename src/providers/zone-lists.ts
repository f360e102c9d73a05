import type { Machine } from '../model/observation.ts';
import { asPortError } from '../ports/errors.ts';
import type { MachineList } from '../ports/provider.ts';

/**
 * The lists of several places as one: what cannot be seen is named, and the others go on.
 * @throws what listing the first one threw, where nothing can be seen
 */
export async function listOfZones<Place extends { readonly zone: string | null }>(
  places: readonly Place[],
  list: (place: Place) => Promise<readonly Machine[]>,
): Promise<MachineList> {
  const lists = await Promise.allSettled(places.map(list));
  const machines: Machine[] = [];
  const unseenZones = new Map<string, string>();
  const failures: unknown[] = [];
  for (const [index, one] of lists.entries()) {
    if (one.status === 'fulfilled') {
      machines.push(...one.value);
      continue;
    }
    failures.push(one.reason);
    const zone = places[index]?.zone ?? null;
    if (zone !== null) unseenZones.set(zone, asPortError(one.reason).message);
  }
  if (failures.length === lists.length) throw failures[0];
  return { machines, unseenZones };
}
