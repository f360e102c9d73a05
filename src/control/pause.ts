import type { Clock } from '../ports/clock.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Wake } from './wake.ts';

/** The wait for the next check, and whether it ends at a time that a decision has planned. */
export interface Pause {
  readonly waitMs: number;
  readonly planned: boolean;
}

export interface PauseContext {
  readonly clock: Clock;
  readonly wake: Wake;
  readonly signal: AbortSignal;
  /** Whether something that decisions rest on cannot be observed. */
  readonly isBlind: () => boolean;
}

/** From one check to the next at least: what comes in a burst is gathered, and costs one check and one commit. */
const GATHER_MS = 30;
/** So late no timer comes while the process runs: it was stopped (SIGSTOP), or its host had no time for it. */
const STALL_MS = 1_000;
/** How long the watches then have to observe anew. */
const OBSERVE_FIRST_MS = 2_000;

/**
 * Waits for the next check. After a stall everything that was observed is as old as the stall was long: the wait goes on until it has been
 * observed anew, because a decision would find providers and load balancers blind that can be observed in the next moment.
 *
 * @returns whether the next check was planned or announced
 */
export async function pauseFor({ waitMs, planned }: Pause, context: PauseContext): Promise<boolean> {
  const { clock, wake, signal, isBlind } = context;
  const slept = new Stopwatch(clock);
  await clock.sleep(GATHER_MS, signal);
  if (signal.aborted) return planned;
  const announced = (await wake.wait(Math.max(0, waitMs - GATHER_MS))) || planned;
  if (slept.elapsedMs <= Math.max(GATHER_MS, waitMs) + STALL_MS) return announced;
  const since = new Stopwatch(clock);
  while (isBlind() && !signal.aborted && since.elapsedMs < OBSERVE_FIRST_MS) {
    await wake.wait(OBSERVE_FIRST_MS - since.elapsedMs);
  }
  return true;
}
