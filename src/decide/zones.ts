import type { Instance } from '../model/instance.ts';
import type { Machine } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';
import type { Sightings } from './snapshot.ts';
import { zoneKey } from './zone-key.ts';

/** Of the conditions that are reported once. */
const UNSEEN = 'zone:';

/** How long a group without records waits for a zone that cannot be seen: what runs there may be what its records were about. */
const FIRST_SIGHT_WAIT_MS = 60_000;

/** Zones that one of the two newest lists could not see, as `provider/zone`. */
export function unseenLately({ snapshot: { machines } }: Facts): readonly string[] {
  if (machines.kind === 'blind') return [];
  const lists = [machines.value, ...(machines.value.previous === null ? [] : [machines.value.previous])];
  const keys = lists.flatMap(({ unseenZones }) =>
    [...unseenZones].flatMap(([provider, zones]) => [...zones.keys()].map((zone) => zoneKey(provider, zone))),
  );
  return [...new Set(keys)];
}

/** Until when a group without records waits for zones that cannot be seen; null if it waits for none. */
export function awaitsZonesUntil(facts: Facts): EpochMs | null {
  const { machinesListed, zonesAwaitedSince } = facts.memory;
  if (machinesListed || unseenLately(facts).length === 0) return null;
  const until = (zonesAwaitedSince ?? facts.now) + FIRST_SIGHT_WAIT_MS;
  return facts.now < until ? until : null;
}

/** Zones of the group's provider that cannot be seen now, with why. */
export function unseenZones({ snapshot: { machines, group } }: Facts): ReadonlyMap<string, string> {
  if (machines.kind === 'blind') return new Map();
  return machines.value.unseenZones.get(group.launchTemplate.provider) ?? new Map();
}

/** Whether a list could not see the zone that the instance is in. */
export function isZoneUnseen(list: Pick<Sightings, 'unseenZones'>, { launchTemplate, placement }: Instance): boolean {
  const { zone } = placement;
  return zone !== null && list.unseenZones.get(launchTemplate.provider)?.has(zone) === true;
}

/** Why nothing is done to a server now: its zone cannot be seen. Null while it can. */
export function zoneHold({ snapshot: { machines } }: Facts, instance: Instance): HoldReason | null {
  if (machines.kind === 'blind' || !isZoneUnseen(machines.value, instance)) return null;
  const { zone } = instance.placement;
  const why = machines.value.unseenZones.get(instance.launchTemplate.provider)?.get(zone ?? '') ?? '';
  return groupHold('zoneUnseen', `Nothing is asked of servers in zone ${zone} while it cannot be seen (${why}).`);
}

/** Takes in where a server's machine is: some providers move one, such as off a host that is emptied for maintenance. */
export function followZone(draft: Draft, instance: Instance, { id, zone }: Machine): Instance {
  const { machine, placement } = instance;
  // A list of the past may have a machine that was the instance's before.
  if (zone === null || zone === placement.zone || id !== machine?.id) return instance;
  const moved = { ...instance, placement: { ...placement, zone } };
  draft.put(moved);
  return moved;
}

/** Reports zones that cannot be seen, or can be seen again. */
export function followZones(draft: Draft): void {
  const { machines } = draft.snapshot;
  // What is not known changes nothing of what was reported.
  if (machines.kind === 'blind') return;
  const unseen = new Map<string, { readonly provider: string; readonly zone: string; readonly why: string }>(
    [...machines.value.unseenZones].flatMap(([provider, zones]) =>
      [...zones].map(([zone, why]) => [`${UNSEEN}${zoneKey(provider, zone)}`, { provider, zone, why }] as const),
    ),
  );
  for (const [code, { provider, zone, why }] of unseen) {
    const what = `zone ${zone} of the ${provider} provider`;
    draft.hold('zoneUnseen', `Cannot see ${what} (${why}).`);
    const begin = `Cannot see ${what} (${why}): its servers count as they were, and nothing is launched there meanwhile.`;
    draft.condition(code, true, () => draft.report('zoneUnseen', begin, { level: 'warning' }));
  }
  for (const code of draft.told) {
    if (!code.startsWith(UNSEEN) || unseen.has(code)) continue;
    const [provider = '', zone = ''] = code.slice(UNSEEN.length).split('/');
    const end = `Can see zone ${zone} of the ${provider} provider again.`;
    draft.condition(
      code,
      false,
      () => {},
      () => draft.report('zoneVisible', end),
    );
  }
}
