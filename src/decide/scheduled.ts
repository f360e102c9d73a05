import type { ScheduledAction } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import { dueSince, nextTime } from './schedule.ts';
import { heldBySuspension } from './suspension.ts';

/** From when on it is worth saying that an action is carried out late. */
const LATE_MS = 60_000;

/**
 * Carries out what fell due since it was looked at last: once, however often it did while Drover was not running, and several actions
 * in the order in which they fell due, so that the last one wins. An action that is new or changed begins now: what would have been
 * before is not made up for. What falls due while scheduled actions are suspended is passed over.
 */
export function carryOutScheduled(draft: Draft): void {
  const { scheduledActions } = draft.snapshot.group;
  const before = draft.memory.scheduled;
  const after: Record<string, EpochMs> = {};
  const due: { readonly action: ScheduledAction; readonly at: EpochMs }[] = [];
  for (const action of scheduledActions) {
    const key = keyOf(action);
    const known = before[key];
    // The time of the look is kept only when it matters, so that a look at which nothing is due costs no commit.
    const since = known === undefined || known > draft.now ? draft.now : known;
    const at = dueSince(action, since, draft.now);
    if (at !== null) due.push({ action, at });
    after[key] = at === null ? since : draft.now;
    const next = nextTime(action, draft.now);
    if (next !== null) draft.wake(next);
  }
  const keys = Object.keys(after);
  const isSame = keys.length === Object.keys(before).length && keys.every((key) => after[key] === before[key]);
  if (!isSame) draft.memory = { ...draft.memory, scheduled: after };
  if (scheduledActions.length === 0) return;
  if (heldBySuspension(draft, ['scheduledActions'], 'Scheduled actions that fall due are passed over')) return;
  for (const { action, at } of due.toSorted((a, b) => a.at - b.at || (a.action.name < b.action.name ? -1 : 1))) {
    carryOut(draft, action, at);
  }
}

/** A changed schedule is another one: what it would have done before is not due. */
function keyOf({ name, schedule }: ScheduledAction): string {
  return schedule.kind === 'once' ? `${name} ${schedule.at}` : `${name} ${schedule.expression} ${schedule.timeZone}`;
}

/** The maximum holds over the minimum, and both over the size. */
function carryOut(draft: Draft, action: ScheduledAction, at: EpochMs): void {
  const { group } = draft.snapshot;
  const before = draft.capacity();
  const bounds = boundsOf(group, draft.memory);
  const maxSize = action.maxSize ?? bounds.maxSize;
  const minSize = Math.min(maxSize, action.minSize ?? bounds.minSize);
  const wanted = action.desiredCapacity ?? before.desired;
  const desired = Math.min(maxSize, Math.max(minSize, wanted));
  const isFleets = minSize === group.minSize && maxSize === group.maxSize;
  draft.memory = {
    ...draft.memory,
    desired,
    bounds: isFleets ? null : { minSize, maxSize, fleetMinSize: group.minSize, fleetMaxSize: group.maxSize },
  };
  const changes = [
    change('minimum', bounds.minSize, minSize),
    change('maximum', bounds.maxSize, maxSize),
    change('desired capacity', before.desired, desired),
  ].filter((text) => text !== '');
  const what = changes.length > 0 ? changes.join(', ') : 'the group is as it asks for already';
  const late = draft.now - at > LATE_MS ? ` It fell due at ${new Date(at).toISOString()}.` : '';
  const isBelowMaximum = minSize === (action.minSize ?? bounds.minSize) && desired >= wanted;
  draft.tell('scheduledAction', `Scheduled action ${action.name}: ${what}.${late}`, {
    before,
    cappedBy: !isBelowMaximum ? 'maxSize' : desired > wanted ? 'minSize' : null,
  });
}

function change(what: string, before: number, after: number): string {
  return before === after ? '' : `${what} from ${before} to ${after}`;
}
