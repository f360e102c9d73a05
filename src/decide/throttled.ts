import type { Draft } from './draft.ts';
import { sentence } from './sentence.ts';

/** Whether a provider is left alone now because it was asked too often, with a hold that says until when. */
export function isThrottled(draft: Draft, provider: string): boolean {
  const throttled = draft.snapshot.throttled.get(provider);
  if (throttled === undefined || throttled.until <= draft.now) return false;
  const { why, until } = throttled;
  draft.hold('rateLimited', `The ${provider} provider is asked too often, and is left alone: ${sentence(why)}`, until);
  return true;
}
