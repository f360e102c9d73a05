import { expect, it } from 'vitest';
import { machineOf, placesIn } from '../../test/support/snapshot.ts';
import { mergeSightings } from './sightings.ts';

const list = (at: number, ...ids: string[]) => ({
  at,
  machines: new Map(ids.map((id) => [id, machineOf({ id })])),
  unseenZones: new Map<string, ReadonlyMap<string, string>>(),
});
const seen = (at: number, ...ids: string[]) =>
  ({
    kind: 'seen',
    value: {
      ...list(at, ...ids),
      places: placesIn(ids.map((id) => machineOf({ id }))),
      hasAllFromBefore: true,
      previous: list(at - 10, ...ids),
    },
  }) as const;

it('what two providers list is one list, as late as the later of the two', () => {
  const merged = mergeSightings([seen(100, 'a'), seen(90, 'b')]);
  expect(merged).toEqual({ kind: 'seen', value: { ...seen(90, 'a', 'b').value, previous: list(80, 'a', 'b') } });
});

it('is blind when one of them is', () => {
  const blind = { kind: 'blind', since: 1, failure: null } as const;
  expect(mergeSightings([seen(100, 'a'), blind])).toBe(blind);
});

it('has no list before when one of them has none, and not all from before when one of them has not', () => {
  const first = { kind: 'seen', value: { ...seen(90, 'b').value, previous: null, hasAllFromBefore: false } } as const;
  expect(mergeSightings([seen(100, 'a'), first])).toMatchObject({ value: { previous: null, hasAllFromBefore: false } });
});
