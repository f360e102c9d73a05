import type { ActivityLevel, StoredActivity } from '../../src/model/activity.ts';
import type { ActivityQuery } from '../../src/ports/store.ts';

const SEVERITY: Record<ActivityLevel, number> = { info: 0, warning: 1, error: 2 };

export function matches(activity: StoredActivity, query: ActivityQuery): boolean {
  const { group, groups, instanceId, level, reasons, afterSequence, beforeSequence } = query;
  return (
    (group === undefined || activity.group === group) &&
    (groups === undefined || (activity.group !== null && groups.includes(activity.group))) &&
    (instanceId === undefined || activity.instanceId === instanceId) &&
    (level === undefined || SEVERITY[activity.level] >= SEVERITY[level]) &&
    (reasons === undefined || reasons.includes(activity.reason)) &&
    (beforeSequence === undefined || activity.sequence < beforeSequence) &&
    (afterSequence === undefined || activity.sequence > afterSequence)
  );
}
