/** Where the next server is launched, and as what. */

import type { FullPlacement } from '../model/group-memory.ts';
import { type Instance, NO_PLACEMENT, type Placement } from '../model/instance.ts';
import type { Failure } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { waitMs } from './launch-wait.ts';
import { sentence } from './sentence.ts';
import { zoneKey } from './zone-key.ts';
import { unseenZones } from './zones.ts';

/** All that the launch template allows, by preference: the zones that it names, or all of the provider's. */
function placementsOf({ snapshot }: Facts): readonly Placement[] {
  const { zones, instanceTypes } = snapshot.group.launchTemplate;
  const allowed = zones.length > 0 ? zones : snapshot.zones;
  const types = instanceTypes.length > 0 ? instanceTypes : [null];
  return (allowed.length > 0 ? allowed : [null]).flatMap((zone) =>
    types.map((instanceType) => ({ zone, instanceType })),
  );
}

/** Chooses for one launch after another of the same decision. */
export interface Placements {
  /** Null where there is no place for another one now. */
  next(): Placement | null;
}

/**
 * Servers are spread evenly over the zones: each is launched in the zone that has the fewest of them, the first named among several; there
 * the first instance type for which there is room is taken. What a provider had no room for is not asked for again before its wait is
 * over, and nothing is launched in a zone that cannot be seen. (AWS: Availability Zone distribution `balanced-best-effort`, allocation strategy `prioritized`.)
 */
export function placements(facts: Facts): Placements {
  const all = placementsOf(facts);
  // With one place there is nothing to choose, and launching as a whole waits for room.
  if (all.length === 1 && all[0]?.zone === null) return { next: () => all[0] ?? NO_PLACEMENT };
  const unseen = unseenZones(facts);
  const open = all.filter(({ zone }) => zone === null || !unseen.has(zone));
  const full = fullNow(facts);
  const free = open.filter((placement) => !full.some((one) => isSame(one, placement)));
  // Launching has waited for one of them, so one of them is asked.
  const candidates = free.length > 0 || open.length === 0 ? free : [soonest(facts, open)];
  const { provider } = facts.snapshot.group.launchTemplate;
  // Those that this decision launches are counted along, too.
  const count = ({ zone }: Placement) => facts.counts.keptInZone.get(zoneKey(provider, zone)) ?? 0;
  return {
    next: () => {
      let best: Placement | null = null;
      for (const placement of candidates) if (best === null || count(placement) < count(best)) best = placement;
      return best;
    },
  };
}

function soonest({ memory }: Facts, open: readonly Placement[]): Placement {
  const untilOf = (placement: Placement) => memory.fullPlacements.find((one) => isSame(one, placement))?.until ?? 0;
  return open.reduce((best, placement) => (untilOf(placement) < untilOf(best) ? placement : best));
}

function isSame(a: Placement, b: Placement): boolean {
  return a.zone === b.zone && a.instanceType === b.instanceType;
}

/** Those that had no room lately, and are not asked for it again yet. */
function fullNow({ memory, now }: Facts): readonly FullPlacement[] {
  return memory.fullPlacements.filter(({ until }) => now < until);
}

/**
 * Takes in that there was no room for a server. Where the launch template allows another place, launching goes on there.
 * @returns what is tried instead, in words; null where nothing else is left, so that launching has to wait, until the time given
 */
export function noteFull(
  draft: Draft,
  { placement }: Instance,
  { message, retryAfterMs }: Failure,
): { readonly instead: string } | { readonly until: EpochMs | null } {
  const all = placementsOf(draft);
  if (all.length === 1) return { until: null };
  const { fullPlacements } = draft.memory;
  const known = fullPlacements.find((one) => isSame(one, placement));
  // Failures that arrive meanwhile belong to the same batch.
  if (known === undefined || known.until <= draft.now) {
    const tries = (known?.tries ?? 0) + 1;
    const until = draft.now + Math.max(retryAfterMs ?? 0, waitMs(draft, tries));
    const entry: FullPlacement = { ...placement, why: sentence(message), tries, until };
    // What the launch template does not allow any more is forgotten.
    const others = fullPlacements.filter(
      (one) => !isSame(one, placement) && all.some((allowed) => isSame(allowed, one)),
    );
    draft.memory = { ...draft.memory, fullPlacements: [...others, entry] };
  }
  const full = fullNow(draft);
  const free = all.filter((one) => !full.some((other) => isSame(other, one)));
  const next = placements(draft).next();
  if (free.length > 0 && next !== null) return { instead: inWords(next) };
  return { until: Math.min(...full.map(({ until }) => until)) };
}

/** There is room again where a launch has got through. */
export function forgetFull(draft: Draft, { placement }: Instance): void {
  const { fullPlacements } = draft.memory;
  const left = fullPlacements.filter((one) => !isSame(one, placement));
  if (left.length < fullPlacements.length) draft.memory = { ...draft.memory, fullPlacements: left };
}

/** `cx22 in nbg1`, `one in b`; empty where there is nothing to choose. */
export function inWords({ zone, instanceType }: Placement): string {
  if (zone === null) return instanceType ?? '';
  return instanceType === null ? `one in ${zone}` : `${instanceType} in ${zone}`;
}

/** Says which places are left out for now, while others are launched in. */
export function reportFullPlacements(draft: Draft): void {
  const full = fullNow(draft);
  // Launching as a whole says for itself what it waits for.
  if (full.length === 0 || draft.memory.launch.held !== null) return;
  const places = full.map((one) => `${inWords(one)}: ${one.why}`).join(' ');
  const until = Math.min(...full.map((one) => one.until));
  draft.hold('noCapacity', `Servers are launched elsewhere while there is no room (${places})`, until);
}
