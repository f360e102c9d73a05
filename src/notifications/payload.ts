import type { StoredActivity } from '../model/activity.ts';
import type { ActivitySummary, NotificationMessage } from '../model/notification-message.ts';

/** What programs are sent, as JSON: `type`, `timestamp` and `data`, as Standard Webhooks has it. docs/notifications.md describes it. */
export function payloadOf({ kind, at, activities, summary, lines, id: _, ...rest }: NotificationMessage): string {
  return JSON.stringify({
    type: `drover.${kind}`,
    timestamp: new Date(at).toISOString(),
    data: { ...rest, lines, activities: activities.map(shownActivity), summary: summary.map(shownSummary) },
  });
}

/** Without its calculation, which may be long: the API has it, by the sequence number. */
function shownActivity({ explanation: _, ...activity }: StoredActivity) {
  return activity;
}

function shownSummary({ first, last, ...summary }: ActivitySummary) {
  return { ...summary, firstSequence: first.sequence, lastSequence: last.sequence };
}
