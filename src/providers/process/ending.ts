import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import { isSame, type ProcessIdentity, type ProcessStat, readStats, signalProcess } from './procfs.ts';
import { findTagged } from './tags.ts';

const KILL_TIMEOUT_MS = 5_000;
const POLL_FIRST_MS = 10;
const POLL_LAST_MS = 200;

export interface EndTarget {
  readonly fleet: string;
  readonly instanceId: string;
  /** The process that was spawned, also if it is gone by now; null when it was never known or ran before the host's boot. */
  readonly leader: ProcessIdentity | null;
  readonly stopTimeoutMs: number;
  /** The leaders of all other machines: what runs in their sessions need not be looked at. */
  readonly others: readonly ProcessIdentity[];
}

/**
 * Ends every process of one machine: SIGTERM once, after the stop timeout SIGKILL. Resolves when none is left.
 *
 * @throws PortError `Transient` when a process survives even SIGKILL (it hangs in the kernel), or when `closed` aborts
 */
export async function endProcesses(target: EndTarget, clock: Clock, closed: AbortSignal): Promise<void> {
  const known = new Set<string>();
  const phases = [
    ['SIGTERM', target.stopTimeoutMs],
    ['SIGKILL', KILL_TIMEOUT_MS],
  ] as const;
  for (const [signal, timeoutMs] of phases) {
    const signalled = new Set<string>();
    let leftMs = timeoutMs;
    do {
      const found = await findProcesses(target, known);
      if (found.length === 0) return;
      for (const stat of found) {
        known.add(key(stat));
        // A second SIGTERM means "at once" to many servers.
        if (!signalled.has(key(stat))) signalProcess(stat, signal);
        signalled.add(key(stat));
      }
      leftMs -= await waitUntilGone(found, leftMs, clock, closed);
    } while (leftMs > 0);
  }
  throw new PortError('Transient', 'notEnded', `Processes of ${target.instanceId} survive SIGKILL; it is tried again.`);
}

/**
 * What is verified as the machine's: its leader, what was known before, what carries its tags, and everything in the leader's
 * session as long as one of these lives there, for no other session can have that number then.
 */
async function findProcesses(target: EndTarget, known: ReadonlySet<string>): Promise<readonly ProcessStat[]> {
  const { fleet, instanceId, leader } = target;
  const stats = readStats();
  const starts = new Map(stats.map(({ pid, startTicks }) => [pid, startTicks]));
  const foreign = new Set(
    target.others.flatMap((other) => (starts.get(other.pid) === other.startTicks ? [other.pid] : [])),
  );
  const leaderKey = leader === null ? null : key(leader);
  const isKnown = (stat: ProcessStat) => key(stat) === leaderKey || known.has(key(stat));
  const candidates = stats.filter(
    (stat) => !isKnown(stat) && !foreign.has(stat.session) && stat.startTicks >= (leader?.startTicks ?? 0),
  );
  const tagged = await findTagged((tags) => tags.fleet === fleet && tags.instanceId === instanceId, candidates);
  const own = new Set([...stats.filter(isKnown), ...tagged.map(({ stat }) => stat)].map(key));
  const sessionLives = stats.some((stat) => own.has(key(stat)) && stat.session === leader?.pid);
  return stats.filter((stat) => own.has(key(stat)) || (sessionLives && stat.session === leader?.pid));
}

/** Waits at least a moment and at most `boundMs`, and returns for how long. */
async function waitUntilGone(
  processes: readonly ProcessStat[],
  boundMs: number,
  clock: Clock,
  closed: AbortSignal,
): Promise<number> {
  let waitedMs = 0;
  let delayMs = POLL_FIRST_MS;
  do {
    await clock.sleep(delayMs, closed);
    if (closed.aborted) throw new PortError('Transient', 'closed', 'The provider was closed while it ended a server.');
    waitedMs += delayMs;
    delayMs = Math.min(2 * delayMs, POLL_LAST_MS);
  } while (waitedMs < boundMs && processes.some(isSame));
  return waitedMs;
}

function key({ pid, startTicks }: { readonly pid: number; readonly startTicks: number }): string {
  return `${pid}:${startTicks}`;
}
