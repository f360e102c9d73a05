import type { Facts } from './facts.ts';
import { groupHold, type HoldReason } from './hold-reason.ts';
import { sentence } from './sentence.ts';

/** Why a provider is left alone now, which is that it was asked too often; null if it may be asked. */
export function throttled({ snapshot, now }: Facts, provider: string): HoldReason | null {
  const throttle = snapshot.throttled.get(provider);
  if (throttle === undefined || throttle.until <= now) return null;
  const message = `The ${provider} provider is asked too often, and is left alone: ${sentence(throttle.why)}`;
  return groupHold('rateLimited', message, throttle.until);
}
