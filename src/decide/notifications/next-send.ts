import type { ActivityLevel } from '../../model/activity.ts';
import type { NotificationDestination } from '../../model/notification.ts';
import type { EpochMs } from '../../model/time.ts';
import { isAtLeast } from './categories.ts';
import { quietUntil } from './quiet-hours.ts';

/** What waits to be sent to a destination, and what was sent. Durations by the steady clock, in milliseconds. */
export interface SendState {
  /** Activities that no message was begun for; null for none. */
  readonly waiting: { readonly sinceMs: number; readonly level: ActivityLevel; readonly isFull: boolean } | null;
  /** Whether a message was begun and not delivered yet. */
  readonly isPending: boolean;
  /** The last message that was delivered since this controller started. */
  readonly last: { readonly atMs: number; readonly level: ActivityLevel } | null;
  /** Before this nothing is tried, because the last try failed. */
  readonly retryMs: number | null;
}

export type NextSend =
  | { readonly kind: 'nothing' }
  /** For how long; something that comes meanwhile may be due sooner. */
  | { readonly kind: 'wait'; readonly forMs: number; readonly isQuiet: boolean }
  | { readonly kind: 'send' };

interface Now {
  readonly at: EpochMs;
  readonly steadyMs: number;
}

/** When a destination is sent the next message. */
export function nextSend(
  { groupWaitMs, groupIntervalMs, quietHours }: Omit<NotificationDestination, 'name' | 'type' | 'settings'>,
  { waiting, isPending, last, retryMs }: SendState,
  now: Now,
): NextSend {
  if (waiting === null && !isPending) return { kind: 'nothing' };
  // What was begun is not looked into: where an error may break through, it may be one, or there may be one behind it.
  const breaksThrough = quietHours?.letErrorsThrough === true && (isPending || waiting?.level === 'error');
  const quietEnd = quietHours === null || breaksThrough ? null : quietUntil(quietHours, now.at);
  if (quietEnd !== null) return { kind: 'wait', forMs: quietEnd - now.at, isQuiet: true };
  const dueMs = Math.max(retryMs ?? now.steadyMs, isPending || waiting === null ? now.steadyMs : gatheredMs(waiting));
  return dueMs <= now.steadyMs ? { kind: 'send' } : { kind: 'wait', forMs: dueMs - now.steadyMs, isQuiet: false };

  /** When the message is complete. What is more severe than the last message does not wait for its time, and what is full for nothing. */
  function gatheredMs({ sinceMs, level, isFull }: NonNullable<SendState['waiting']>): number {
    if (isFull) return now.steadyMs;
    const isWorse = last !== null && !isAtLeast(last.level, level);
    const intervalEndsMs = last === null || isWorse ? 0 : last.atMs + groupIntervalMs;
    return Math.max(sinceMs + groupWaitMs, intervalEndsMs);
  }
}
