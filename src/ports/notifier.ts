import type { z } from 'zod';
import type { JsonObject } from '../model/json.ts';
import type { NotificationMessage } from '../model/notification-message.ts';
import type { Clock } from './clock.ts';

/**
 * A way to one destination of notifications. The contract, checked by `test/conformance/notifier.ts`:
 *
 * - `deliver` resolves when the receiver has taken the message, and throws a PortError otherwise. A message whose delivery failed may have
 *   arrived all the same: the next try carries the same id, and receivers that can tell by it take it once.
 * - `NotFound` says that the receiver is gone for good: nothing more is sent. `RateLimited` says when to try again, if the receiver does.
 * - What an adapter sends is bounded by what its receivers take: a long message is cut, and never refused for its length.
 * - Nothing is followed elsewhere (a redirect is a failure); the answer is read within bounds; what fails names no secret.
 */
export interface Notifier {
  /** Ends soon after its signal. @throws PortError */
  deliver(message: NotificationMessage, signal: AbortSignal): Promise<void>;
}

/** One kind of destination: an entry of `notifications/registry.ts`. */
export interface NotifierType {
  readonly name: string;
  /** Programs take each activity; people take what has happened in a few words, however much it was. */
  readonly takes: 'all' | 'summary';
  /** How long one try may take, by the settings of a destination. */
  timeoutMs(settings: JsonObject): number;
  /** Validates the settings of a destination. Relative paths are resolved against `baseDir`. */
  settingsSchema(baseDir: string): z.ZodType<JsonObject>;
  create(context: NotifierContext): Notifier;
}

export interface NotifierContext {
  /** Valid by the type's own schema. */
  readonly settings: JsonObject;
  readonly clock: Clock;
}
