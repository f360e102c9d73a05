import type { Sightings, View } from '../decide/snapshot.ts';

/** What several providers say of one group's machines: as late as the latest of them, blind when one is. */
export function mergeSightings(views: readonly View<Sightings>[]): View<Sightings> {
  const seen: Sightings[] = [];
  for (const view of views) {
    if (view.kind === 'blind') return view;
    seen.push(view.value);
  }
  const [only] = seen;
  if (seen.length === 1 && only !== undefined) return { kind: 'seen', value: only };
  const previous = seen.flatMap((sightings) => sightings.previous ?? []);
  return {
    kind: 'seen',
    value: {
      ...merge(seen),
      places: new Map(seen.flatMap(({ places }) => [...places])),
      hasAllFromBefore: seen.every(({ hasAllFromBefore }) => hasAllFromBefore),
      previous: previous.length === seen.length ? merge(previous) : null,
    },
  };
}

type Sighting = Pick<Sightings, 'at' | 'machines' | 'unseenZones'>;

function merge(sightings: readonly Sighting[]): Sighting {
  return {
    at: Math.min(...sightings.map(({ at }) => at)),
    machines: new Map(sightings.flatMap(({ machines }) => [...machines])),
    unseenZones: new Map(sightings.flatMap(({ unseenZones }) => [...unseenZones])),
  };
}
