import type { ActivityLevel, ActivityReason, StoredActivity } from './activity.ts';
import type { EpochMs } from './time.ts';

/** What one destination is sent at a time. */
export interface NotificationMessage {
  /** The same in each try to deliver it, also after a restart; no other message has it. */
  readonly id: string;
  readonly kind: 'activities' | 'test';
  readonly fleet: string;
  /** The name of the destination. */
  readonly destination: string;
  /** When the newest of its activities happened. */
  readonly at: EpochMs;
  /** Of the most severe one. */
  readonly level: ActivityLevel;
  /** One line for a person. */
  readonly title: string;
  /** What has happened, for a person, the most severe first; each a line of bounded length. */
  readonly lines: readonly string[];
  /** How many activities it stands for. */
  readonly count: number;
  /** How many were deleted from the history before they could be sent. */
  readonly lost: number;
  readonly summary: readonly ActivitySummary[];
  /** In the order of recording: all of them, or the first ones where there are many and the destination takes a summary. */
  readonly activities: readonly StoredActivity[];
}

/** All activities of a message with one reason, about one group. */
export interface ActivitySummary {
  readonly group: string | null;
  readonly reason: ActivityReason;
  /** Of the most severe one. */
  readonly level: ActivityLevel;
  readonly count: number;
  readonly first: StoredActivity;
  /** The same as `first` where there is one only. */
  readonly last: StoredActivity;
}
