import type { FileMemory } from '../model/group-memory.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { forgetOldBounds } from './scheduled-bounds.ts';
import { sentence } from './sentence.ts';
import type { CommandRecords } from './snapshot.ts';

/** How long a refusal of the desired capacity file is not reported again, if the file could be used meanwhile. */
const REFUSAL_AGAIN_MS = 60_000;
/** Within that time, of whatever reasons. */
const MAX_REFUSALS = 10;

/**
 * Works out the group's desired capacity. Whoever asked last has it: the fleet file, the desired capacity file, or a person through
 * `set-desired` (which changes the memory before the decision). Each is applied when it changes, not at every decision.
 */
export function resolveDesired(draft: Draft): void {
  const { group } = draft.snapshot;
  const { memory } = draft;
  if (memory.desired === null) {
    draft.memory = { ...memory, desired: desiredOf({ group, memory }), fleetDesired: group.desiredCapacity };
  } else if (memory.fleetDesired !== group.desiredCapacity) {
    draft.memory = { ...memory, fleetDesired: group.desiredCapacity };
    if (group.desiredCapacity !== null) change(draft, group.desiredCapacity, 'a new version of the fleet');
  }
  forgetOldBounds(draft);
  followFile(draft);
  keepWithinBounds(draft);
}

/** The size that a group should have, also before its first decision. */
export function desiredOf({ group, memory }: Pick<CommandRecords, 'group' | 'memory'>): number {
  return memory.desired ?? group.desiredCapacity ?? group.minSize;
}

/** The size to bring the group to. */
export function sizeToReach({ snapshot, memory }: Facts): number {
  return snapshot.mode === 'down' ? 0 : (memory.desired ?? 0);
}

function change(draft: Draft, desired: number, who: string): void {
  const before = draft.capacity();
  if (desired === before.desired) return;
  draft.memory = { ...draft.memory, desired };
  draft.report('desiredCapacityChanged', `Desired capacity changed from ${before.desired} to ${desired} by ${who}.`, {
    before,
  });
}

/**
 * Only a size other than the one that was applied last is news. What is refused in between (the file is away for a moment, the
 * group's bounds leave its size out) does not erase that, so that the same size, coming back, changes nothing.
 */
function followFile(draft: Draft): void {
  const { file, group } = draft.snapshot;
  if (group.desiredCapacityFile === null) {
    if (draft.memory.file !== null) draft.memory = { ...draft.memory, file: null };
    return;
  }
  if (file === null) return;
  const known = knownOf(draft.memory.file, group.desiredCapacityFile);
  const path = group.desiredCapacityFile;
  const asked = file.kind === 'value' ? file.value : null;
  const refused = refusalOf(asked, file.kind === 'missing' ? file.detail : '', boundsOf(group, draft.memory));
  const value = refused === null ? asked : (known?.value ?? null);
  // A file that was never there is how most groups begin.
  const level = known === null && file.kind === 'missing' && file.code === 'absent' ? 'info' : 'warning';
  const reported = refused === null ? reportReadable(draft, known, value) : reportRefusal(draft, known, refused, level);
  const isSame = known !== null && known.value === value && known.refused === refused;
  if (!isSame || reported !== null) {
    draft.memory = { ...draft.memory, file: { path, value, refused, ...(reported ?? reportsOf(known)) } };
  }
  if (refused !== null) return;
  if (value !== null && value !== known?.value) change(draft, value, 'the desired capacity file');
}

type Reports = Pick<FileMemory, 'standing' | 'reports'>;

function reportsOf(known: FileMemory | null): Reports {
  return {
    ...(known?.standing !== undefined && { standing: known.standing }),
    ...(known?.reports !== undefined && { reports: known.reports }),
  };
}

/** At once, but seldom again for the same reason. @returns what is remembered of it; null for no report */
function reportRefusal(
  draft: Draft,
  known: FileMemory | null,
  refused: string,
  level: 'info' | 'warning',
): Reports | null {
  if (known?.standing === refused) return null;
  const recent = (known?.reports ?? []).filter(({ at }) => draft.now - at < REFUSAL_AGAIN_MS);
  const [oldest] = recent;
  const blocking = recent.find((one) => one.refused === refused) ?? (recent.length < MAX_REFUSALS ? undefined : oldest);
  if (blocking !== undefined) {
    draft.hold('desiredCapacityRefused', refused, blocking.at + REFUSAL_AGAIN_MS);
    return null;
  }
  draft.report('desiredCapacityRefused', `${refused} The size stays at ${draft.memory.desired ?? 0}.`, { level });
  return { standing: refused, reports: [...recent, { refused, at: draft.now }] };
}

/** Only after a refusal that was reported. */
function reportReadable(draft: Draft, known: FileMemory | null, value: number | null): Reports | null {
  if (known?.standing === undefined) return null;
  draft.report('desiredCapacityFileReadable', `The desired capacity file says ${value}.`);
  return known.reports === undefined ? {} : { reports: known.reports };
}

/** What is remembered of this file; nothing where it is about another one. */
function knownOf(memory: FileMemory | null, path: string): FileMemory | null {
  return memory === null || (memory.path !== null && memory.path !== path) ? null : memory;
}

/** Why a size cannot be used; null for one that can. */
function refusalOf(asked: number | null, missing: string, bounds: { minSize: number; maxSize: number }): string | null {
  if (asked === null) return sentence(missing);
  if (!Number.isInteger(asked)) return `The desired capacity file says ${asked}, which is not a whole number.`;
  const { minSize, maxSize } = bounds;
  if (asked >= minSize && asked <= maxSize) return null;
  return `The desired capacity file says ${asked}, which is outside of the group's ${minSize} to ${maxSize}.`;
}

/** A minimum or maximum that was changed since holds at once. */
function keepWithinBounds(draft: Draft): void {
  const { minSize, maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  const desired = draft.memory.desired ?? 0;
  if (desired < minSize) change(draft, minSize, `the group's minimum of ${minSize}`);
  if (desired > maxSize) change(draft, maxSize, `the group's maximum of ${maxSize}`);
}
