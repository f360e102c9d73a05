import type { EndCause, Instance } from '../model/instance.ts';
import type { Machine } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { refOf } from './machine-addresses.ts';
import { suspension } from './suspension.ts';
import { awaitsZonesUntil, unseenLately } from './zones.ts';

const MAY_LAG =
  "There are no records yet, and the provider's lists may still lack what was launched last: nothing is done before they have it.";

/**
 * What to do about machines that carry the group's tag and an id without a record.
 *
 * When the group is seen first, the records may be what was lost: as soon as two lists have all that was launched before, the machines are adopted
 * as they are, and the group keeps their number. A zone that cannot be seen then is waited for, for a minute. Later such a machine is an orphan (a launch that took effect after it was given up): it counts
 * against the maximum, is reported, and is terminated when it is seen again after the group's `orphanGracePeriod`.
 */
export function accountForUnknownMachines(draft: Draft): void {
  accountFor(draft);
  // What comes into sight shows in a list that may be the same as the one before.
  if (draft.memory.unlistedZones.length > 0) draft.awaitList();
}

function accountFor(draft: Draft): void {
  if (draft.snapshot.machines.kind === 'blind') return;
  if (draft.memory.machinesListed) {
    adoptFromZones(draft);
    followOrphans(draft);
  } else if (draft.snapshot.machines.value.hasAllFromBefore) {
    const until = awaitsZonesUntil(draft);
    if (until !== null) return awaitZones(draft, until);
    draft.memory = { ...draft.memory, machinesListed: true, unlistedZones: unseenLately(draft) };
    adoptAll(draft);
  } else {
    if (draft.snapshot.machines.value.previous !== null) draft.hold('listAwaited', MAY_LAG);
    draft.awaitList();
  }
}

function awaitZones(draft: Draft, until: EpochMs): void {
  const { memory } = draft;
  if (memory.zonesAwaitedSince === null) draft.memory = { ...memory, zonesAwaitedSince: draft.now };
  const why = 'There are no records yet, and what runs in a zone that cannot be seen may be what they were about:';
  draft.hold('zoneUnseen', `${why} nothing is done before it can be seen, or until then.`, until);
  draft.awaitList();
}

/** Zones that were out of sight when the machines were first listed have come into sight: what is there may be what the records were about. */
function adoptFromZones(draft: Draft): void {
  const { memory, snapshot } = draft;
  if (memory.unlistedZones.length === 0 || snapshot.machines.kind === 'blind') return;
  const unseen = new Set(unseenLately(draft));
  const seen = memory.unlistedZones.filter((key) => !unseen.has(key));
  if (seen.length === 0) return;
  draft.memory = { ...memory, unlistedZones: memory.unlistedZones.filter((key) => unseen.has(key)) };
  const zones = new Set(seen.map((key) => key.slice(key.indexOf('/') + 1)));
  const isThere = ({ instanceId, zone }: Machine) =>
    zone !== null && zones.has(zone) && draft.get(instanceId) === undefined;
  const found = [...snapshot.machines.value.machines.values()].filter(isThere);
  adopt(draft, found, 'there were no records when its zone was out of sight');
  const { maxSize } = boundsOf(snapshot.group, draft.memory);
  const desired = Math.min(maxSize, (draft.memory.desired ?? 0) + found.length);
  if (found.length > 0) draft.memory = { ...draft.memory, desired };
}

function adoptAll(draft: Draft): void {
  const { machines, group } = draft.snapshot;
  if (machines.kind === 'blind') return;
  // What one of two lists lacks may be there all the same.
  const listed = new Map([...(machines.value.previous?.machines ?? []), ...machines.value.machines]);
  const unknown = [...listed.values()].filter(({ instanceId }) => draft.get(instanceId) === undefined);
  if (unknown.length === 0) return;
  adopt(draft, unknown, 'there were no records yet');
  // Nothing is launched or terminated because the records were lost.
  const { minSize, maxSize } = boundsOf(group, draft.memory);
  const desired = Math.min(maxSize, Math.max(minSize, draft.live().length));
  draft.memory = { ...draft.memory, desired, fleetDesired: group.desiredCapacity };
}

function adopt(draft: Draft, unknown: readonly Machine[], why: string): void {
  for (const machine of unknown) {
    const before = draft.capacity();
    const adopted = recordOf(draft, machine);
    draft.put(adopted);
    draft.report(
      'adopted',
      `Adopted ${machine.instanceId} (machine ${machine.id}): it carries this group's tag, and ${why}.`,
      {
        level: 'warning',
        instance: adopted,
        before,
      },
    );
  }
}

function followOrphans(draft: Draft): void {
  const { machines, group } = draft.snapshot;
  if (machines.kind === 'blind') return;
  const { at, machines: newest } = machines.value;
  if (draft.memory.orphans.length > 0 || [...newest.keys()].some((id) => draft.get(id) === undefined))
    draft.awaitList();
  const known = new Map(draft.memory.orphans.map((orphan) => [orphan.instanceId, orphan]));
  const orphans = orphansIn(draft).map((machine) => ({
    machine,
    firstSeenAt: known.get(machine.instanceId)?.firstSeenAt ?? draft.now,
  }));
  for (const { machine } of orphans) {
    if (!known.has(machine.instanceId)) reportFound(draft, machine);
  }
  const overdue = orphans.filter(({ firstSeenAt }) => at - firstSeenAt >= group.orphanGracePeriodMs);
  const isHeld =
    overdue.length > 0 &&
    draft.waitsFor(suspension(draft, ['terminate'], 'Machines without a record are not terminated'));
  const due = new Set(isHeld ? [] : overdue);
  const waiting = orphans.filter((orphan) => !due.has(orphan));
  // One that a list lacks is forgotten only when the list before lacks it too.
  const missed = draft.memory.orphans.filter(
    ({ instanceId }) => !newest.has(instanceId) && seenBefore(draft, instanceId),
  );
  const memory = [
    ...waiting.map(({ machine, firstSeenAt }) => ({ instanceId: machine.instanceId, firstSeenAt })),
    ...missed,
  ];
  const isSame =
    memory.length === known.size &&
    memory.every(({ instanceId, firstSeenAt }) => known.get(instanceId)?.firstSeenAt === firstSeenAt);
  if (!isSame) draft.memory = { ...draft.memory, orphans: memory };
  for (const { machine } of due) endOrphan(draft, machine);
  for (const { machine, firstSeenAt } of waiting) {
    draft.note({
      code: 'orphan',
      message: `Machine ${machine.id} carries this group's tag without a record: it is terminated if it is still there then.`,
      until: firstSeenAt + group.orphanGracePeriodMs,
      each: {
        id: machine.id,
        together:
          "machines carry this group's tag without a record: each is terminated if it is still there in its time, the first of them then.",
      },
    });
  }
}

/** Listed twice, without a record, and not just terminated: a list may still show what is gone. */
function orphansIn(facts: Facts): Machine[] {
  const { machines, ended } = facts.snapshot;
  if (machines.kind === 'blind') return [];
  const { machines: newest, previous } = machines.value;
  return [...newest.values()].filter((machine) => {
    if (facts.get(machine.instanceId) !== undefined || previous?.machines.has(machine.instanceId) !== true)
      return false;
    const endedAt = ended.get(machine.instanceId);
    return endedAt === undefined || (endedAt < previous.at && endedAt < machine.launchedAt);
  });
}

function seenBefore(facts: Facts, instanceId: string): boolean {
  const { machines } = facts.snapshot;
  return machines.kind === 'seen' && machines.value.previous?.machines.has(instanceId) === true;
}

function reportFound(draft: Draft, machine: Machine): void {
  const { group } = draft.snapshot;
  const minutes = group.orphanGracePeriodMs / 60_000;
  draft.report(
    'orphanFound',
    `Machine ${machine.id} carries this group's tag (${machine.instanceId}), but there is no record of it. It counts against the maximum and is terminated if it is still there in ${minutes} min.`,
    { level: 'warning' },
  );
}

function endOrphan(draft: Draft, machine: Machine): void {
  const before = draft.capacity();
  const record = recordOf(draft, machine);
  draft.put(record);
  const ended = draft.end(record, 'orphan' satisfies EndCause);
  draft.report('orphanEnded', `Terminating machine ${machine.id} (${machine.instanceId}): there is no record of it.`, {
    level: 'warning',
    instance: ended,
    before,
  });
}

function recordOf(facts: Facts, machine: Machine): Instance {
  return {
    id: machine.instanceId,
    group: facts.snapshot.group.name,
    launchTemplate: facts.snapshot.group.launchTemplate,
    placement: { zone: machine.zone, instanceType: null },
    // By the provider's clock, which may be ahead of ours.
    createdAt: Math.min(machine.launchedAt, facts.now),
    machine: refOf(machine, facts.now),
    state:
      machine.addresses.length === 0
        ? { name: 'launching', since: facts.now, retryAt: null }
        : { name: 'booting', since: facts.now },
    health: { status: 'unknown', since: facts.now },
    request: null,
  };
}
