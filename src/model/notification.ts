/** Who hears of what Drover does: the destinations that a fleet file names, and how far each has come. */

import type { ActivityLevel } from './activity-level.ts';
import type { JsonObject } from './json.ts';
import type { EpochMs } from './time.ts';

/** What an activity is about, as a person would sort them. */
export const NOTIFICATION_CATEGORIES = [
  'launches',
  'terminations',
  'health',
  'failures',
  'brakes',
  'suspensions',
  'blindness',
  'scaling',
  'fleet',
  'notifications',
] as const;
export type NotificationCategory = (typeof NOTIFICATION_CATEGORIES)[number];

/** Where activities are sent, which of them, and when. */
export interface NotificationDestination {
  readonly name: string;
  /** The type's name in `notifications/registry.ts`: `webhook`, `slack`, ... */
  readonly type: string;
  /** The type's own settings, validated by its schema. Addresses that are secret, and credentials, are named in them, never held. */
  readonly settings: JsonObject;
  /** Activities that are at least this severe; what ends something counts as much as what it ends. */
  readonly level: ActivityLevel;
  /** Empty for all. */
  readonly categories: readonly NotificationCategory[];
  /** Empty for all. What is about no group is sent in any case. */
  readonly groups: readonly string[];
  /** How long the first activity waits for others that belong to the same message. */
  readonly groupWaitMs: number;
  /** From one message to the next at least, unless something more severe than the last message has happened. */
  readonly groupIntervalMs: number;
  /** Null for none. */
  readonly quietHours: QuietHours | null;
}

/** A time of each day in which nothing is sent: what has happened is sent as one message when it is over. */
export interface QuietHours {
  /** Minutes from midnight, 0 to 1,439; from a later one to an earlier one goes over midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** By its IANA name. */
  readonly timeZone: string;
  /** Whether an `error` ends the quiet: it is sent at once, with what was held back before it. */
  readonly letErrorsThrough: boolean;
}

/** How far the activities have been sent to a destination: what must survive for each to be sent at least once, and in order. */
export interface NotificationCursor {
  /** The destination's name. */
  readonly name: string;
  /** All activities up to this sequence number were delivered, or are not for this destination. */
  readonly delivered: number;
  /** The message that was begun: what the receiver may have got already. */
  readonly pending: PendingMessage | null;
  readonly lastDeliveredAt: EpochMs | null;
  /** Set while it is reported that nothing can be delivered. */
  readonly failing: { readonly since: EpochMs; readonly why: string } | null;
  /** Set once the receiver has said that it is gone: nothing is sent until its settings change or a test message gets through. */
  readonly disabled: { readonly since: EpochMs; readonly why: string; readonly settings: string } | null;
}

export interface PendingMessage {
  readonly id: string;
  /** The sequence number of the last activity in it. */
  readonly through: number;
}
