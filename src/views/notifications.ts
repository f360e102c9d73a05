/** What Drover reports about the destinations of notifications. */

import type { ActivityLevel } from '../model/activity.ts';
import type { NotificationCategory } from '../model/notification.ts';
import type { EpochMs } from '../model/time.ts';

export interface NotificationStatus {
  readonly name: string;
  readonly type: string;
  readonly level: ActivityLevel;
  /** Empty for all. */
  readonly categories: readonly NotificationCategory[];
  /** Empty for all. */
  readonly groups: readonly string[];
  /** `disabled` once the receiver has said that it is gone. */
  readonly state: 'working' | 'failing' | 'disabled';
  readonly lastDeliveredAt: EpochMs | null;
  /** Why the newest try has failed; null where it did not. */
  readonly error: string | null;
  /** Activities that wait to be sent. */
  readonly waiting: number;
}
