import type { Decision } from '../decide/draft.ts';
import { replacementFirst } from '../decide/hold-reason.ts';
import type { Instance, InstanceId } from '../model/instance.ts';
import { serves } from '../model/lifecycle.ts';

/**
 * What an instance that a person wants drained waits for, as the next decision says.
 *
 * @returns a sentence; null when its drain begins with that decision, or has begun
 */
export function waitBeforeDrain(
  id: InstanceId,
  instances: readonly Instance[],
  { changed, holds, replacedFirst }: Pick<Decision, 'changed' | 'holds' | 'replacedFirst'>,
): string | null {
  const instance = changed.find((one) => one.id === id) ?? instances.find((one) => one.id === id);
  if (instance === undefined || !serves(instance)) return null;
  if (replacedFirst.includes(id)) return replacementFirst({ id }).message;
  const [hold] = holds;
  return `${id} waits to be drained${hold === undefined ? '.' : `: ${hold.message}`}`;
}
