import type { Instance } from '../model/instance.ts';
import type { Draft } from './draft.ts';
import { graceEndsAt } from './grace-and-warmup.ts';
import { serverHold } from './hold-reason.ts';
import { isProbedFirst, whyUnreachable } from './machine-addresses.ts';
import { suspension } from './suspension.ts';

/**
 * Registers a new server when it has answered Drover well. Until then it is asked again and again, as often as its health check asks who is
 * down.
 * @returns why it is given up, because its grace period is over; null while it is not
 */
export function register(draft: Draft, instance: Instance): { readonly detail: string } | null {
  const { id, state } = instance;
  const { probes, group, targetGroups } = draft.snapshot;
  const probe = probes.get(id);
  const answered = probe !== undefined && probe.at >= state.since ? probe : null;
  const suspended = suspension(draft, ['addToLoadBalancer'], {
    id,
    is: 'is not registered',
    are: 'are not registered',
  });
  if (answered?.healthy === true || !isProbedFirst(draft.snapshot)) {
    if (draft.waitsFor(suspended)) return null;
    const booting = draft.move(instance, { name: 'booting', since: draft.now });
    const why =
      answered === null
        ? 'no answer to Drover is waited for any more'
        : `it has answered Drover well (${answered.detail})`;
    draft.report('registered', `${id} is registered with its target groups: ${why}.`, { instance: booting });
    // Without target groups nothing else says that it may come into service.
    if (targetGroups.length === 0) draft.wake(draft.now + 1);
    return null;
  }
  const unreachable = whyUnreachable(draft, instance);
  const detail = unreachable ?? answered?.detail ?? '';
  const graceEnd = graceEndsAt(instance, group, draft.memory);
  if (draft.now >= graceEnd && !draft.waitsFor(suspended)) return { detail };
  draft.wake(graceEnd);
  const said = detail === '' ? '' : ` (${detail})`;
  const is = `is not registered before it answers Drover well${said}.`;
  draft.note(serverHold('registration', { id, is, are: 'are not registered before they answer Drover well.' }));
  const askAt =
    answered === null
      ? draft.now
      : answered.at + Math.min(...targetGroups.map((one) => one.healthCheck.downIntervalMs));
  if (draft.now >= askAt) draft.due.probe.add(id);
  else draft.wake(askAt);
  return null;
}
