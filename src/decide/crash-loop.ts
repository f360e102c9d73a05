import { serves } from '../model/lifecycle.ts';
import type { EpochMs } from '../model/time.ts';
import { sizeToReach } from './desired.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { launchingWorks, PROVEN_AFTER_MS } from './launch-backoff.ts';
import { kept } from './scale-out.ts';

/** Ends the count of crashes when servers stay in service again, and reports a crash loop and its end. */
export function followCrashes(draft: Draft): void {
  const { launch } = draft.memory;
  const { crashedAt, failures } = launch;
  if (crashedAt !== null) {
    const at = provenAt(draft, crashedAt);
    if (at <= draft.now) {
      const failing = { ...launch, crashes: 0, crashedAt: null };
      draft.memory = { ...draft.memory, launch: failures > 0 ? failing : launchingWorks(launch) };
    } else if (Number.isFinite(at)) draft.wake(at);
  }
  draft.condition(
    'crashLoop',
    draft.memory.launch.crashes > 1,
    () => reportCrashLoop(draft),
    () => {
      const proven = `servers stay in service for ${PROVEN_AFTER_MS / 1000} s again`;
      draft.report(
        'crashLoopEnded',
        `The crash loop is over: ${launch.crashes > 1 ? proven : 'launching starts anew'}.`,
      );
    },
  );
}

/**
 * When a server that was launched after the crash will have stayed, or, where the group has all that it should have, each of its
 * servers; infinite where nobody knows.
 */
function provenAt(facts: Facts, crashedAt: EpochMs): EpochMs {
  const servers = kept(facts);
  const since = servers.map((server) => (serves(server) ? server.state.since : Number.POSITIVE_INFINITY));
  const newer = since.filter((_, index) => (servers[index]?.createdAt ?? 0) >= crashedAt);
  const whole = servers.length >= sizeToReach(facts) ? Math.max(crashedAt, ...since) : Number.POSITIVE_INFINITY;
  return Math.min(whole, ...newer) + PROVEN_AFTER_MS;
}

/** A crash loop is said for as long as it lasts, also between two launches, while all servers look healthy. */
export function holdCrashLoop(draft: Draft): void {
  const { crashes, crashedAt, why } = draft.memory.launch;
  if (crashes <= 1 || draft.snapshot.mode === 'down') return;
  // The wait names the same cause.
  if (draft.isHeld('launchBackoff')) return;
  const at = crashedAt === null ? Number.POSITIVE_INFINITY : provenAt(draft, crashedAt);
  draft.hold(
    'crashLoop',
    `Crash loop: ${crashes} servers in a row ended soon after they came into service. The last one: ${why} It is over when servers stay in service for ${PROVEN_AFTER_MS / 1000} s.`,
    Number.isFinite(at) ? at : null,
  );
}

function reportCrashLoop(draft: Draft): void {
  const { crashes, notBefore, why } = draft.memory.launch;
  const waitMs = Math.max(0, (notBefore ?? draft.now) - draft.now);
  const { maxBackoffMs } = draft.snapshot.group.launchRetry;
  draft.report(
    'crashLoop',
    `Servers end soon after they come into service, ${crashes} in a row. The last one: ${why} The next launch waits ${(waitMs / 1000).toFixed(1)} s, and longer after each further one, up to ${maxBackoffMs / 1000} s.`,
    { level: 'warning', cappedBy: 'launchBackoff' },
  );
}
