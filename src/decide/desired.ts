import type { FileMemory } from '../model/group-memory.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import { sentence } from './sentence.ts';

/**
 * Works out the group's desired size. Whoever asked last has it: the fleet file, the desired capacity file, or a person through
 * `set-desired` (which changes the memory before the look). Each is applied when it changes, not at every look.
 */
export function resolveDesired(draft: Draft): void {
  const { group } = draft.snapshot;
  const { memory } = draft;
  if (memory.desired === null) {
    draft.memory = { ...memory, desired: group.desiredCapacity ?? group.minSize, fleetDesired: group.desiredCapacity };
  } else if (memory.fleetDesired !== group.desiredCapacity) {
    draft.memory = { ...memory, fleetDesired: group.desiredCapacity };
    if (group.desiredCapacity !== null) change(draft, group.desiredCapacity, 'the fleet file');
  }
  forgetOldBounds(draft);
  followFile(draft);
  keepWithinBounds(draft);
}

/** The size to bring the group to at this look. */
export function target(draft: Draft): number {
  return draft.snapshot.mode === 'down' ? 0 : (draft.memory.desired ?? 0);
}

function change(draft: Draft, desired: number, who: string): void {
  const before = draft.capacity();
  if (desired === before.desired) return;
  draft.memory = { ...draft.memory, desired };
  draft.tell('desiredCapacityChanged', `Desired capacity changed from ${before.desired} to ${desired} by ${who}.`, {
    before,
  });
}

function followFile(draft: Draft): void {
  const { file, group } = draft.snapshot;
  if (file === null) return;
  const bounds = boundsOf(group, draft.memory);
  const seen = judge(file.kind === 'value' ? file.value : null, file.kind === 'missing' ? file.detail : '', bounds);
  const known = draft.memory.file;
  if (known !== null && sameReading(known, seen)) return;
  draft.memory = { ...draft.memory, file: seen };
  if (seen.kind === 'refused') {
    // A file that was never there is how most groups begin.
    const level = known === null && file.kind === 'missing' && file.code === 'absent' ? 'info' : 'warning';
    draft.tell('desiredCapacityRefused', `${seen.text} The size stays at ${draft.memory.desired ?? 0}.`, { level });
    return;
  }
  if (known?.kind === 'refused') {
    draft.tell('desiredCapacityFileReadable', `The desired capacity file can be used again: it says ${seen.value}.`);
  }
  change(draft, seen.value, 'the desired capacity file');
}

function judge(value: number | null, missing: string, group: { minSize: number; maxSize: number }): FileMemory {
  if (value === null) return { kind: 'refused', text: sentence(missing) };
  if (!Number.isInteger(value))
    return { kind: 'refused', text: `The desired capacity file says ${value}, which is not a whole number.` };
  if (value < group.minSize || value > group.maxSize) {
    return {
      kind: 'refused',
      text: `The desired capacity file says ${value}, which is outside of the group's ${group.minSize} to ${group.maxSize}.`,
    };
  }
  return { kind: 'value', value };
}

function sameReading(a: FileMemory, b: FileMemory): boolean {
  if (a.kind === 'value') return b.kind === 'value' && a.value === b.value;
  return b.kind === 'refused' && a.text === b.text;
}

/** What a scheduled action has set is over once the fleet file says something new. */
function forgetOldBounds(draft: Draft): void {
  const { bounds } = draft.memory;
  const { minSize, maxSize } = draft.snapshot.group;
  if (bounds === null || (bounds.fleetMinSize === minSize && bounds.fleetMaxSize === maxSize)) return;
  draft.memory = { ...draft.memory, bounds: null };
}

/** A minimum or maximum that was changed since holds at once. */
function keepWithinBounds(draft: Draft): void {
  const { minSize, maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  const desired = draft.memory.desired ?? 0;
  if (desired < minSize) change(draft, minSize, `the group's minimum of ${minSize}`);
  if (desired > maxSize) change(draft, maxSize, `the group's maximum of ${maxSize}`);
}
