/** What launches wait for that says nothing against the servers that are launched: room, or a change that only a person can make. */

import { count } from '../base/plural.ts';
import type { LaunchHold, LaunchMemory } from '../model/group-memory.ts';
import type { Instance } from '../model/instance.ts';
import type { Failure } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';
import { waitMs } from './launch-wait.ts';
import { sentence } from './sentence.ts';

/** A launch that no repetition changes, and what a person can do about it. */
const REMEDIES = {
  Unauthorized: 'The provider does not let Drover do that. Mend the credentials or the rights, then run',
  Invalid: 'It fails the same way however often it is tried. Correct its cause, then run',
  NotFound: 'What the launch template names does not exist. Make it, then run',
  Unsupported: 'The provider cannot do that. Mend what it lacks, then run',
} as const;

/** A failure that is neither counted against the launch template nor repeated at once. */
export type HeldFailure = Failure & { readonly reaction: LaunchHold['reaction'] };

/**
 * Takes in a launch that found no room, met a defect of Drover's own, or failed in a way that no repetition changes. The first two are tried
 * again after a wait that doubles, as after failures; the others when the launch template changes or a person resumes launching.
 * None of them counts toward the suspension after repeated failures.
 *
 * @param roomAt when the first of several places is asked again, where all of them are full
 */
export function holdLaunches(
  draft: Draft,
  instance: Instance,
  { reaction, message, retryAfterMs }: HeldFailure,
  roomAt: EpochMs | null = null,
): void {
  const { launch } = draft.memory;
  const { version } = draft.snapshot.group.launchTemplate;
  const isKept = launch.held !== null && (launch.held.until === null || draft.now < launch.held.until);
  // Failures that arrive meanwhile belong to the same batch.
  if (launch.suspended !== null || isKept || instance.launchTemplate.version !== version) return;
  const tries = (launch.held?.tries ?? 0) + 1;
  const why = sentence(message);
  const waitedFor = roomAt ?? draft.now + Math.max(retryAfterMs ?? 0, waitMs(draft, tries));
  const until = isTriedAgain(reaction) ? waitedFor : null;
  const held = { reaction, why, since: launch.held?.since ?? draft.now, tries, until };
  draft.memory = { ...draft.memory, launch: { ...launch, why, template: version, held } };
}

function isTriedAgain(reaction: LaunchHold['reaction']): reaction is 'NoCapacity' | 'Defect' {
  return reaction === 'NoCapacity' || reaction === 'Defect';
}

/** After what has failed, so that the two are read in the order in which they happened. */
export function reportLaunchHold(draft: Draft): void {
  const { held } = draft.memory.launch;
  const before = draft.snapshot.memory.launch.held;
  if (held === null || held.until !== null || before?.until === null) return;
  draft.report('launchHeld', inWords(draft, held), { level: 'error' });
}

/** A launch has got through: there is room. */
export function endHold(draft: Draft): void {
  const { launch } = draft.memory;
  if (launch.held === null || launch.held.until === null) return;
  draft.memory = { ...draft.memory, launch: { ...launch, held: null } };
}

/** Why an instance is not launched now, if launches of its template are held; null if it may be. */
export function launchHoldOf(facts: Facts, { launchTemplate }: Instance): HoldReason | null {
  return facts.memory.launch.template === launchTemplate.version ? launchHold(facts) : null;
}

/** Why nothing is launched now; null if something may be. */
export function launchHold(facts: Facts): HoldReason | null {
  const { held } = facts.memory.launch;
  if (held === null || !isInForce(held, facts.now)) return null;
  return groupHold(held.reaction === 'NoCapacity' ? 'noCapacity' : 'launchHeld', inWords(facts, held), held.until);
}

function isInForce({ until }: LaunchHold, now: EpochMs): boolean {
  return until === null || now < until;
}

function inWords({ snapshot }: Facts, { reaction, why }: LaunchHold): string {
  const { name } = snapshot.group;
  switch (reaction) {
    case 'NoCapacity':
      return `The next launch waits for room: ${why}`;
    case 'Defect':
      return `The next launch waits after ${why} Please report it.`;
    case 'Unauthorized':
    case 'Invalid':
    case 'NotFound':
    case 'Unsupported':
      return `Nothing is launched: ${why} ${REMEDIES[reaction]} \`drover resume ${name}\` (or change the launch template).`;
  }
}

/** What a hold adds to the words for what was tried in vain; empty for none. */
export function triesInWords({ held }: LaunchMemory): string {
  if (held === null) return '';
  const what = held.reaction === 'NoCapacity' ? 'without room' : 'that met an error in Drover itself';
  return `${count(held.tries, 'try', 'tries')} ${what}`;
}
