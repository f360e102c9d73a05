import { type BackoffLimits, backoffMs } from '../../base/backoff.ts';
import { isSame, type ProcessIdentity, type ProcessStat, readStats } from '../../base/procfs.ts';
import { errorCode } from '../../base/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { StopSignal } from './record.ts';
import { findTagged, type Tags, usersOf } from './tags.ts';

/** How long the processes of a machine may live on after SIGKILL. */
export const KILL_TIMEOUT_MS = 5_000;
const POLL: BackoffLimits = { minMs: 10, maxMs: 200 };

export interface EndTarget {
  readonly fleet: string;
  readonly instanceId: string;
  /** The process that was spawned, also if it is gone by now; null when it was never known or ran before the host's boot. */
  readonly leader: ProcessIdentity | null;
  /** Of the user that it runs as; null for Drover's own. */
  readonly userId: number | null;
  readonly stopSignal: StopSignal;
  /** Whether the main process has got the stop signal already, from an earlier controller. */
  readonly isStopping: boolean;
  /** From now on. */
  readonly stopTimeoutMs: number;
  /** The leaders of all other machines: what runs in their sessions need not be examined. */
  readonly others: readonly ProcessIdentity[];
}

/**
 * Ends every process of one machine. The main process gets the stop signal, once: it knows best how its children finish their work.
 * What is left of the machine when the stop timeout is over gets SIGKILL. Resolves when none is left; `onStopping` is called once
 * the stop signal was sent.
 *
 * @throws PortError `Transient` when a process survives even SIGKILL (it hangs in the kernel), or when `closed` aborts
 */
export async function endProcesses(
  target: EndTarget,
  clock: Clock,
  closed: AbortSignal,
  onStopping: () => Promise<void>,
): Promise<void> {
  const known = new Set<string>();
  let found = await findProcesses(target, known);
  const main = mainOf(found, target.leader);
  if (main !== null && !target.isStopping) {
    signalProcess(main, target.stopSignal);
    await onStopping();
  }
  for (let leftMs = target.stopTimeoutMs; leftMs > 0 && found.length > 0; ) {
    leftMs -= await waitUntilGone(found, leftMs, clock, closed);
    found = await findProcesses(target, known);
  }
  for (let leftMs = KILL_TIMEOUT_MS; leftMs > 0 && found.length > 0; ) {
    for (const stat of found) signalProcess(stat, 'SIGKILL');
    leftMs -= await waitUntilGone(found, leftMs, clock, closed);
    found = await findProcesses(target, known);
  }
  if (found.length === 0) return;
  throw new PortError('Transient', 'notEnded', `Processes of ${target.instanceId} survive SIGKILL; it is tried again.`);
}

/** The process that was spawned; where that is not known, the oldest, by preference one that leads a session. */
function mainOf(found: readonly ProcessStat[], leader: ProcessIdentity | null): ProcessStat | null {
  if (leader !== null) return found.find((stat) => key(stat) === key(leader)) ?? null;
  const oldest = found.toSorted((a, b) => a.startTicks - b.startTicks);
  return oldest.find(({ pid, session }) => pid === session) ?? oldest[0] ?? null;
}

/**
 * What is verified as the machine's, and known from then on: its leader, what was known before, what carries its tags, and everything in the leader's
 * session as long as one of these lives there, for no other session can have that number then.
 */
async function findProcesses(target: EndTarget, known: Set<string>): Promise<readonly ProcessStat[]> {
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
  const isWanted = (tags: Tags) => tags.fleet === fleet && tags.instanceId === instanceId;
  const tagged = await findTagged(isWanted, usersOf(target), candidates);
  const own = new Set([...stats.filter(isKnown), ...tagged.map(({ stat }) => stat)].map(key));
  const sessionLives = stats.some((stat) => own.has(key(stat)) && stat.session === leader?.pid);
  const found = stats.filter((stat) => own.has(key(stat)) || (sessionLives && stat.session === leader?.pid));
  for (const stat of found) known.add(key(stat));
  return found;
}

/** Signals a process if it is still the one that was seen. Between the check and the signal lie microseconds. */
function signalProcess(seen: ProcessStat, signal: NodeJS.Signals): void {
  if (!isSame(seen)) return;
  try {
    process.kill(seen.pid, signal);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return;
    const message = `Drover's user may not send ${signal} to pid ${seen.pid}: ${String(error)}`;
    throw new PortError('Unauthorized', 'notPermitted', message, { cause: error });
  }
}

/** Waits at least a moment and at most `boundMs`, and returns for how long. */
async function waitUntilGone(
  processes: readonly ProcessStat[],
  boundMs: number,
  clock: Clock,
  closed: AbortSignal,
): Promise<number> {
  let waitedMs = 0;
  let polls = 0;
  do {
    polls += 1;
    const delayMs = backoffMs(polls, POLL, 0);
    await clock.sleep(delayMs, closed);
    if (closed.aborted) throw new PortError('Transient', 'closed', 'The provider was closed while it ended a server.');
    waitedMs += delayMs;
  } while (waitedMs < boundMs && processes.some(isSame));
  return waitedMs;
}

function key({ pid, startTicks }: { readonly pid: number; readonly startTicks: number }): string {
  return `${pid}:${startTicks}`;
}
