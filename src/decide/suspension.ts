import type { SuspendableProcess } from '../model/scaling-policy.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { groupHold, type HoldReason, type SaidOfEach, serverHold } from './hold-reason.ts';

/**
 * Whether a person has switched a part of the group's work off. What was begun goes on; what a person asks for himself, the way
 * down of the whole fleet too, is done all the same.
 */
export function isSuspended({ snapshot, memory }: Facts, process: SuspendableProcess): boolean {
  return snapshot.mode === 'up' && memory.suspendedProcesses.includes(process);
}

/** Why something is not done, if it takes one of these processes and that is suspended; null if it may be done. */
export function suspension(
  facts: Facts,
  processes: readonly SuspendableProcess[],
  what: string | SaidOfEach,
): HoldReason | null {
  const process = processes.find((one) => isSuspended(facts, one));
  if (process === undefined) return null;
  const why = `: ${process} is suspended. Resume with \`drover resume ${facts.snapshot.group.name} ${process}\`.`;
  if (typeof what === 'string') return groupHold('processSuspended', `${what}${why}`);
  return serverHold('processSuspended', { id: what.id, is: `${what.is}${why}`, are: `${what.are}${why}` });
}

/** What was not acted upon in the meantime says little when it goes on: grace periods begin anew. */
const RESTARTING = ['healthCheck', 'replaceUnhealthy', 'terminate', 'addToLoadBalancer'] as const;

export function noteResumed(draft: Draft): void {
  for (const process of RESTARTING) {
    draft.condition(
      `suspended:${process}`,
      isSuspended(draft, process),
      () => {},
      () => {
        draft.memory = { ...draft.memory, seenAgainAt: draft.now };
      },
    );
  }
}
