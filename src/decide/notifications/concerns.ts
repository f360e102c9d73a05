import type { Activity } from '../../model/activity.ts';
import type { NotificationDestination } from '../../model/notification.ts';
import { categoryOf, isAtLeast, weightOf } from './categories.ts';

/** The key in the explanation of an activity about a destination that names it. */
export const ABOUT_DESTINATION = 'notification';

/** Whether an activity is for a destination. None hears of its own troubles: that would never end. */
export function concernsDestination(
  { name, level, categories, groups }: Pick<NotificationDestination, 'name' | 'level' | 'categories' | 'groups'>,
  activity: Activity,
): boolean {
  if (activity.explanation?.[ABOUT_DESTINATION] === name) return false;
  if (!isAtLeast(weightOf(activity), level)) return false;
  if (categories.length > 0 && !categories.includes(categoryOf(activity.reason))) return false;
  return groups.length === 0 || activity.group === null || groups.includes(activity.group);
}
