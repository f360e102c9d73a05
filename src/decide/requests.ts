import { isEnding, lifecycleOf, serves } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import { takeOut } from './lifecycle.ts';
import { roomToReplace } from './replace-first.ts';

/** Whether a person asked for this instance to be replaced, and it is still to be done. */
export function isRetiring(instance: { readonly request: { readonly kind: string } | null }): boolean {
  return instance.request?.kind === 'drain';
}

/**
 * Does what people asked of single instances. `terminate` ends at once. `drain` first waits for the replacement to be in service
 * where the maximum leaves room for it.
 */
export function retireRequested(draft: Draft): void {
  for (const instance of draft.live()) {
    if (instance.request?.kind !== 'terminate' || isEnding(instance)) continue;
    const before = draft.capacity();
    const ended = draft.end(instance, 'operatorTerminate');
    draft.tell('operatorTerminate', `Ending ${instance.id} now, on request.`, { instance: ended, before });
  }
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  let { surplus, spare, full } = roomToReplace(draft, isRetiring);
  for (const instance of draft.live()) {
    if (!isRetiring(instance) || lifecycleOf(instance).isLeaving) continue;
    const replaced = surplus >= 0;
    if (!replaced && !full && serves(instance)) {
      draft.hold('replacementFirst', `${instance.id} is drained as soon as its replacement is in service.`);
      continue;
    }
    const before = draft.capacity();
    const isCapped = !replaced && spare <= 0 && serves(instance);
    const how = isCapped ? ` The maximum of ${maxSize} leaves no room to replace it first.` : '';
    const ending = takeOut(draft, instance, 'operatorDrain');
    draft.tell('operatorDrain', `Draining ${instance.id}, on request.${how}`, {
      instance: ending,
      before,
      cappedBy: isCapped ? 'maxSize' : null,
    });
    surplus -= 1;
    spare -= 1;
    // One at a time: its place is the next one's room.
    full = false;
  }
}
