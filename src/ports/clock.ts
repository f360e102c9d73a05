import type { EpochMs } from '../model/time.ts';

/** Clocks are corrected by less than this all the time. */
export const CLOCK_CORRECTION_MS = 500;

/** A moment by both readings of a clock. */
export interface Moment {
  readonly at: EpochMs;
  readonly steadyMs: number;
}

/** By how much the time of day was set forward in between, or the host has slept; negative when it was set back, 0 for next to nothing. */
export function clockSetBetween(earlier: Moment, later: Moment): number {
  const byMs = Math.round(later.at - earlier.at - (later.steadyMs - earlier.steadyMs));
  return Math.abs(byMs) < CLOCK_CORRECTION_MS ? 0 : byMs;
}

/** Time, passed in so that a simulation can own it. */
export interface Clock {
  /** The time of day, for records. Somebody may set it, forward or back. */
  now(): EpochMs;
  /** Milliseconds since some moment, for durations. Nobody can set it; it may stand still while the host sleeps. */
  steadyMs(): number;
  /** Resolves after `delayMs`, or as soon as the signal aborts; never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
