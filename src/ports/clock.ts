import type { EpochMs } from '../model/time.ts';

/** Time, passed in so that a simulation can own it. */
export interface Clock {
  /** The time of day, for records. Somebody may set it, forward or back. */
  now(): EpochMs;
  /** Milliseconds since some moment, for durations. Nobody can set it; it may stand still while the host sleeps. */
  steadyMs(): number;
  /** Resolves after `delayMs`, or as soon as the signal aborts; never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
