import { boundsOf } from './bounds.ts';
import { target } from './desired.ts';
import type { Draft } from './draft.ts';
import { takeOut } from './lifecycle.ts';

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
    if (instance.request?.kind !== 'terminate' || instance.state.name === 'terminating') continue;
    const before = draft.capacity();
    const ended = draft.end(instance, 'operatorTerminate');
    draft.tell('operatorTerminate', `Ending ${instance.id} now, as asked for.`, { instance: ended, before });
  }
  const live = draft.live();
  const others = live.filter((instance) => instance.state.name === 'inService' && !isRetiring(instance));
  let surplus = others.filter(({ health }) => health.status === 'healthy').length - target(draft);
  // Room for the replacement there is, or will be, or is not to be had while all of the rest is well.
  const comes = draft.memory.orphans.length > 0 || live.some(({ state }) => state.name !== 'inService');
  const unwell = others.some(({ health }) => health.status === 'unhealthy');
  // More than enough serve, counting those that are to go: one's replacement has come.
  let spare = live.filter(({ state, health }) => state.name === 'inService' && health.status === 'healthy').length;
  spare -= target(draft);
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  let full = draft.capacity().total >= maxSize && !comes && !unwell;
  for (const instance of live) {
    const { name } = instance.state;
    if (!isRetiring(instance) || name === 'draining' || name === 'terminating') continue;
    const replaced = surplus >= 0;
    if (!replaced && !full && name === 'inService') {
      draft.hold('replacementFirst', `${instance.id} is drained as soon as its replacement is in service.`);
      continue;
    }
    const before = draft.capacity();
    const isCapped = !replaced && spare <= 0 && name === 'inService';
    const how = isCapped ? ` The maximum of ${maxSize} leaves no room to replace it first.` : '';
    const ending = takeOut(draft, instance, 'operatorDrain');
    draft.tell('operatorDrain', `Draining ${instance.id}, as asked for.${how}`, {
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
