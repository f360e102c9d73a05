import type { SuspendableProcess } from '../model/scaling-policy.ts';
import type { Draft } from './draft.ts';

/**
 * Whether a person has switched a part of the group's work off. What was begun goes on; what a person asks for himself, the way
 * down of the whole fleet too, is done all the same.
 */
export function isSuspended({ snapshot, memory }: Draft, process: SuspendableProcess): boolean {
  return snapshot.mode === 'up' && memory.suspendedProcesses.includes(process);
}

/** Whether one of these processes is suspended, with a hold that says what is not done for it. */
export function heldBySuspension(draft: Draft, processes: readonly SuspendableProcess[], what: string): boolean {
  const process = processes.find((one) => isSuspended(draft, one));
  if (process === undefined) return false;
  const resume = `drover resume ${draft.snapshot.group.name} ${process}`;
  draft.hold('processSuspended', `${what}: ${process} is suspended. Resume with: ${resume}`);
  return true;
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
        draft.memory = { ...draft.memory, sightedAt: draft.now };
      },
    );
  }
}
