import type { ActivityLevel, StoredActivity } from '../../model/activity.ts';
import type { NotificationDestination, PendingMessage } from '../../model/notification.ts';
import type { ActivitySummary, NotificationMessage } from '../../model/notification-message.ts';
import { weightOf, worse } from './categories.ts';
import { concernsDestination } from './concerns.ts';
import { linesOf, titleOf } from './text.ts';

/** A destination that takes all activities gets so many in one message; the next message follows at once. */
const MOST_ACTIVITIES = 100;
/** Of a message that stands for more, the first ones are in it beside the summary. */
const FIRST_ACTIVITIES = 20;

/** What becomes one message for a destination: activities are added in their order, and counted however many there are. */
export class Gathering {
  readonly #destination: NotificationDestination;
  readonly #takesAll: boolean;
  readonly #summary = new Map<string, ActivitySummary>();
  readonly #activities: StoredActivity[] = [];
  #scanned: number;
  #lost = 0;
  #count = 0;
  #level: ActivityLevel = 'info';

  /**
   * @param after the sequence number that all before was sent up to
   * @param takesAll whether the destination gets each activity, and not a summary
   */
  constructor(destination: NotificationDestination, takesAll: boolean, after: number) {
    this.#destination = destination;
    this.#takesAll = takesAll;
    this.#scanned = after;
  }

  /** The sequence number of the last activity that was looked at. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Of the matters in it. */
  get level(): ActivityLevel {
    return this.#level;
  }

  /** How many are for the destination. */
  get count(): number {
    return this.#count;
  }

  /** Whether there is nothing to say. */
  get isEmpty(): boolean {
    return this.#count === 0 && this.#lost === 0;
  }

  /** Whether no more fits in. */
  get isFull(): boolean {
    return this.#takesAll && this.#count >= MOST_ACTIVITIES;
  }

  /** The next one that the history still has, whether it is for the destination or not. */
  add(activity: StoredActivity): void {
    // Numbers are given without gaps: those in between are deleted.
    const gap = activity.sequence - this.#scanned - 1;
    if (gap > 0) this.#lose(gap);
    this.#scanned = activity.sequence;
    if (!concernsDestination(this.#destination, activity)) return;
    this.#count += 1;
    this.#level = worse(this.#level, weightOf(activity));
    if (this.#activities.length < (this.#takesAll ? MOST_ACTIVITIES : FIRST_ACTIVITIES))
      this.#activities.push(activity);
    const key = `${activity.reason} ${activity.group ?? ''}`;
    const before = this.#summary.get(key);
    this.#summary.set(key, {
      group: activity.group,
      reason: activity.reason,
      level: worse(activity.level, before?.level ?? 'info'),
      count: (before?.count ?? 0) + 1,
      first: before?.first ?? activity,
      last: activity,
    });
  }

  #lose(count: number): void {
    this.#lost += count;
    this.#level = worse(this.#level, 'warning');
  }

  message(fleet: string, { id, through }: PendingMessage, now: number): NotificationMessage {
    // All that the message was to have may be deleted by now.
    if (through > this.#scanned) this.#lose(through - this.#scanned);
    const summary = [...this.#summary.values()];
    const newest = Math.max(...summary.map(({ last }) => last.at));
    const facts = {
      id,
      kind: 'activities' as const,
      fleet,
      destination: this.#destination.name,
      at: summary.length === 0 ? now : newest,
      level: this.#level,
      count: this.#count,
      lost: this.#lost,
      summary,
      activities: this.#activities,
    };
    return { ...facts, title: titleOf(facts), lines: linesOf(facts) };
  }
}
