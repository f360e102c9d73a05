import type { Draft } from './draft.ts';
import { heldBySuspension } from './suspension.ts';

/**
 * Takes in a launch that failed or a server that never became healthy. The wait doubles from one failure to the next, between
 * the group's `initialBackoff` and `maxBackoff`; failures that arrive during the wait belong to the same batch and count once.
 * After `suspendAfter` in a row launching stops until a person resumes it.
 */
export function recordLaunchFailure(draft: Draft, why: string, retryAfterMs: number | null = null): void {
  const { failures, notBefore, suspended } = draft.memory.launch;
  if (suspended !== null) return;
  const sameBatch = notBefore !== null && draft.now < notBefore;
  const count = sameBatch ? failures : failures + 1;
  const { initialBackoffMs, maxBackoffMs, suspendAfter } = draft.snapshot.group.launchRetry;
  const backoffMs = Math.max(
    retryAfterMs ?? 0,
    Math.min(maxBackoffMs, initialBackoffMs * 2 ** Math.min(count - 1, 30)),
  );
  const until = sameBatch ? notBefore : draft.now + backoffMs;
  const giveUp = count >= suspendAfter;
  draft.memory = {
    ...draft.memory,
    launch: { failures: count, notBefore: until, suspended: giveUp ? { since: draft.now, why } : null },
  };
  if (giveUp) {
    draft.tell(
      'launchSuspended',
      `Launching is suspended after ${count} failures in a row, the last one: ${why} Mend the cause, then run: drover resume ${draft.snapshot.group.name}`,
      { level: 'error' },
    );
  }
}

/** A server came into service: launching works. */
export function recordLaunchSuccess(draft: Draft): void {
  if (draft.memory.launch.failures === 0) return;
  draft.memory = { ...draft.memory, launch: { failures: 0, notBefore: null, suspended: null } };
}

/** How many servers may be in the making now. After a failure one is tried at a time, until one has come into service. */
export function launchesAllowed(draft: Draft): number {
  const { failures, notBefore, suspended } = draft.memory.launch;
  if (heldBySuspension(draft, ['launch'], 'Nothing is launched')) return 0;
  if (suspended !== null) {
    draft.hold(
      'launchSuspended',
      `Launching is suspended: ${suspended.why} Resume with: drover resume ${draft.snapshot.group.name}`,
    );
    return 0;
  }
  if (notBefore !== null && draft.now < notBefore) {
    draft.hold(
      'launchBackoff',
      `${failures} ${failures === 1 ? 'launch' : 'launches'} failed in a row: the next one has to wait.`,
      notBefore,
    );
    return 0;
  }
  return failures > 0 ? 1 : Number.POSITIVE_INFINITY;
}
