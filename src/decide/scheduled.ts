import type { ScheduledAction } from '../model/scaling-policy.ts';
import type { EpochMs } from '../model/time.ts';
import { boundsOf } from './bounds.ts';
import type { Draft } from './draft.ts';
import { boundsAfter, boundsInWords, changeInWords } from './scheduled-bounds.ts';
import { suspension } from './suspension.ts';

/** From when on it is worth saying that an action is carried out late. */
const LATE_MS = 60_000;

/**
 * Carries out what fell due since the last decision: once, however often it did while Drover was not running, and several actions
 * in the order in which they fell due, so that the last one wins. An action that is new or changed begins now: what would have been
 * before is not made up for. What falls due while scheduled actions are suspended is passed over.
 */
export function carryOutScheduled(draft: Draft): void {
  const { calendar, group } = draft.snapshot;
  const { scheduledActions } = group;
  const before = draft.memory.scheduled;
  const after = new Map<string, EpochMs>();
  const due: { readonly action: ScheduledAction; readonly at: EpochMs }[] = [];
  for (const action of scheduledActions) {
    const key = keyOf(action);
    const known = before.get(key);
    // The time is kept only when it matters, so that a decision at which nothing is due costs no commit.
    const since = known === undefined || known > draft.now ? draft.now : known;
    const at = calendar.dueSince(action, since, draft.now);
    if (at !== null) due.push({ action, at });
    after.set(key, at === null ? since : draft.now);
    const next = calendar.nextTime(action, draft.now);
    if (next !== null) draft.wake(next);
  }
  const isSame = after.size === before.size && [...after].every(([key, at]) => before.get(key) === at);
  if (!isSame) draft.memory = { ...draft.memory, scheduled: after };
  if (scheduledActions.length === 0) return;
  const what = 'Scheduled actions that fall due are passed over';
  if (draft.waitsFor(suspension(draft, ['scheduledActions'], what))) return;
  for (const { action, at } of due.toSorted((a, b) => a.at - b.at || (a.action.name < b.action.name ? -1 : 1))) {
    carryOut(draft, action, at);
  }
}

/** All that says when an action falls due. One that is changed in any of it is another one: what it would have done before is not due. */
function keyOf({ name, schedule, startAt, endAt }: ScheduledAction): string {
  const when = schedule.kind === 'once' ? schedule.at : `${schedule.expression} ${schedule.timeZone}`;
  return `${name} ${when}${startAt === null ? '' : ` from ${startAt}`}${endAt === null ? '' : ` to ${endAt}`}`;
}

/** The maximum holds over the minimum, and both over the size. */
function carryOut(draft: Draft, action: ScheduledAction, at: EpochMs): void {
  const { group } = draft.snapshot;
  const before = draft.capacity();
  const boundsBefore = boundsOf(group, draft.memory);
  const bounds = boundsAfter(action, group, draft.memory.bounds);
  const { minSize, maxSize } = boundsOf(group, { bounds });
  const wanted = action.desiredCapacity ?? before.desired;
  const desired = Math.min(maxSize, Math.max(minSize, wanted));
  draft.memory = { ...draft.memory, desired, bounds };
  // What the desired capacity file says is held against the new bounds.
  if (minSize !== boundsBefore.minSize || maxSize !== boundsBefore.maxSize) draft.wake(draft.now + 1);
  const changes = [
    ...boundsInWords(boundsBefore, { minSize, maxSize }),
    ...changeInWords('desired capacity', before.desired, desired),
  ];
  const what = changes.length > 0 ? changes.join(', ') : 'the group is as it asks for already';
  const late = draft.now - at > LATE_MS ? ` It fell due at ${new Date(at).toISOString()}.` : '';
  const isBelowMaximum = minSize === (action.minSize ?? boundsBefore.minSize) && desired >= wanted;
  draft.report('scheduledAction', `Scheduled action ${action.name}: ${what}.${late}`, {
    before,
    cappedBy: !isBelowMaximum ? 'maxSize' : desired > wanted ? 'minSize' : null,
  });
}
