import type { NotificationStatus } from '../views/notifications.ts';

/** What a person can ask of the fleet's destinations of notifications. */
export interface FleetNotifications {
  list(): readonly NotificationStatus[];
  /**
   * Sends a test message, now. Resolves when the receiver has taken it.
   * @throws ServiceError `notFound`, `conflict` with why it was not taken
   */
  test(name: string): Promise<void>;
}
