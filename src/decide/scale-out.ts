import { createHash } from 'node:crypto';
import type { Instance, InstanceId, Placement } from '../model/instance.ts';
import { lifecycleOf, mayComeBack } from '../model/lifecycle.ts';
import { boundsOf } from './bounds.ts';
import { sizeToReach } from './desired.ts';
import type { Draft } from './draft.ts';
import type { Facts } from './facts.ts';
import { launchLimit, oneAtATime } from './launch-backoff.ts';
import { inWords, placements } from './placement.ts';

/** Brings the group up to its size: first by keeping servers that were just being drained, then by launching. */
export function scaleOut(draft: Draft): void {
  const desired = sizeToReach(draft);
  let missing = desired - draft.counts.kept;
  if (missing <= 0) return;
  missing -= cancelDrains(draft, missing);
  const { name } = draft.snapshot.group;
  const { maxSize } = boundsOf(draft.snapshot.group, draft.memory);
  const room = Math.max(0, maxSize - draft.capacity().total);
  if (missing > room) {
    draft.hold(
      'maxSize',
      `${missing - room} more would be launched, but ${draft.capacity().total} machines that are not gone count against the maximum of ${maxSize}.`,
    );
  }
  if (Math.min(missing, room) <= 0) return;
  const limit = launchLimit(draft);
  draft.waitsFor(limit.hold);
  const count = Math.min(missing, room, Math.max(0, limit.count - draft.counts.pending));
  if (limit.count === 1 && count < Math.min(missing, room)) draft.note(oneAtATime(draft));
  const { leaving } = draft.counts;
  const besides = leaving === 0 ? '' : `, and ${leaving} to be drained once replaced`;
  const places = placements(draft);
  for (let index = 0; index < count; index += 1) {
    const placement = places.next();
    if (placement === null) {
      draft.hold('zoneUnseen', 'Nothing is launched while none of the zones for new servers can be seen.');
      return;
    }
    const before = draft.capacity();
    const instance = newInstance(draft, index, placement);
    draft.put(instance);
    const ofMany = count > 1 ? ` (${index + 1} of ${count})` : '';
    const where = inWords(placement);
    const there = where === '' ? '' : ` as ${where}`;
    draft.report(
      'launch',
      `Launching ${instance.id}${ofMany}${there}: ${name} should have ${desired} and has ${desired - missing + index}${besides}.`,
      {
        instance,
        before,
        cappedBy: missing > room ? 'maxSize' : missing > count ? 'launchBackoff' : null,
      },
    );
  }
}

/** Those that make up the group's size: in service or on the way there, and not to be replaced. */
export function kept(facts: Facts): Instance[] {
  return facts.live().filter((instance) => lifecycleOf(instance).makesUpSize && !facts.isLeaving(instance));
}

/** A server that is only drained because there were too many is worth more than a new one. */
function cancelDrains(draft: Draft, missing: number): number {
  const candidates = draft
    .live()
    .filter((instance) => mayComeBack(instance) && instance.health.status === 'healthy' && instance.request === null)
    .slice(-missing);
  for (const instance of candidates) {
    const before = draft.capacity();
    const back = draft.move(instance, { name: 'inService', since: draft.now });
    draft.report('scaleInCancelled', `${instance.id} is kept instead of drained: it is needed again.`, {
      instance: back,
      before,
    });
  }
  return candidates.length;
}

function newInstance(facts: Facts, index: number, placement: Placement): Instance {
  const { group } = facts.snapshot;
  return {
    id: instanceId(`${facts.snapshot.idSeed}/${group.name}/${index}`),
    group: group.name,
    launchTemplate: group.launchTemplate,
    placement,
    createdAt: facts.now,
    machine: null,
    state: { name: 'launching', since: facts.now, retryAt: null },
    health: { status: 'unknown', since: facts.now },
    request: null,
  };
}

/** `i-` and 17 hexadecimal digits, as EC2 writes them. */
function instanceId(seed: string): InstanceId {
  return `i-${createHash('sha256').update(seed).digest('hex').slice(0, 17)}`;
}
