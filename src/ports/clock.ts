import type { EpochMs } from '../model/time.ts';

/** Time, passed in so that a simulation can own it. */
export interface Clock {
  now(): EpochMs;
  /** Resolves after `delayMs`, or as soon as the signal aborts; never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
