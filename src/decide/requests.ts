import { isEnding, lifecycleOf, serves } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import { turnOfWorking } from './disruption-budget.ts';
import type { Draft } from './draft.ts';
import { replacementFirst } from './hold-reason.ts';
import { retire } from './lifecycle.ts';

/**
 * Does what people asked of single instances. `terminate` terminates at once. `drain` first waits for the replacement to be in service
 * where the maximum leaves room for it.
 */
export function retireRequested(draft: Draft): void {
  if (draft.counts.requested === 0) return;
  for (const instance of draft.live()) {
    if (instance.request?.kind !== 'terminate' || isEnding(instance)) continue;
    const before = draft.capacity();
    const ended = draft.end(instance, 'operatorTerminate');
    draft.report('operatorTerminate', `Terminating ${instance.id} now, on request.`, { instance: ended, before });
  }
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  for (const instance of draft.live()) {
    if (instance.request?.kind !== 'drain' || lifecycleOf(instance).isLeaving) continue;
    const turn = turnOfWorking(draft, draft.replaced);
    if (turn.kind === 'waits' && serves(instance)) {
      draft.note(replacementFirst(instance));
      continue;
    }
    const before = draft.capacity();
    const cappedBy = turn.kind === 'now' && serves(instance) ? turn.cappedBy : null;
    const how = cappedBy === null ? '' : ` The maximum of ${maxSize} leaves no room to replace it first.`;
    const ending = retire(draft, instance, 'operatorDrain');
    draft.replaced += 1;
    draft.report('operatorDrain', `Draining ${instance.id}, on request.${how}`, { instance: ending, before, cappedBy });
  }
}
