import { target } from './desired.ts';
import type { Draft } from './draft.ts';
import { drain } from './lifecycle.ts';

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
  const serving = live.filter(
    (instance) => instance.state.name === 'inService' && instance.health.status === 'healthy' && !isRetiring(instance),
  ).length;
  let surplus = serving - target(draft);
  let room = draft.snapshot.group.maxSize - live.length;
  const replacing = live.some((instance) => instance.state.name === 'launching' || instance.state.name === 'booting');
  for (const instance of live) {
    if (!isRetiring(instance) || instance.state.name === 'draining' || instance.state.name === 'terminating') continue;
    const replaced = surplus >= 0;
    const noRoom = room <= 0 && !replacing;
    if (!replaced && !noRoom && instance.state.name === 'inService') {
      draft.hold('replacementFirst', `${instance.id} is drained as soon as its replacement is in service.`);
      continue;
    }
    const before = draft.capacity();
    const draining =
      instance.state.name === 'inService'
        ? drain(draft, instance, 'operatorDrain')
        : draft.end(instance, 'operatorDrain');
    const how = replaced ? '' : ` The maximum of ${draft.snapshot.group.maxSize} leaves no room to replace it first.`;
    draft.tell('operatorDrain', `Draining ${instance.id}, as asked for.${how}`, {
      instance: draining,
      before,
      cappedBy: replaced ? null : 'maxSize',
    });
    surplus -= 1;
    room += 1;
  }
}
