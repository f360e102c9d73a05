import { formatDuration } from '../base/duration.ts';
import type { NotificationDestination, QuietHours } from '../model/notification.ts';
import type { FleetChange } from './change.ts';
import { diffNamed, effect, type Facts, fact, type ShownSettings, settingFacts } from './facts.ts';

const ADDED = effect('create', 'it hears of what happens from now on');
const REMOVED = effect('destroy', 'nothing more is sent to it, and what waits for it is forgotten');
const CHANGED = effect('change', 'takes effect with the next message; what waits stays');

/** What differs between the destinations of two fleets. */
export function diffNotifications(
  before: readonly NotificationDestination[],
  after: readonly NotificationDestination[],
  shown: ShownSettings,
): FleetChange[] {
  return diffNamed('notifications', before, after, {
    summary: ({ type, level }) => `${type}, from level ${level} on`,
    facts: (destination) => facts(destination, shown),
    added: ADDED,
    removed: REMOVED,
  });
}

function facts(destination: NotificationDestination, shown: ShownSettings): Facts {
  const { type, settings, level, categories, groups, groupWaitMs, groupIntervalMs, quietHours } = destination;
  return {
    type: fact(type, CHANGED),
    level: fact(level, CHANGED),
    ...(categories.length > 0 && { categories: fact(`[${categories.join(', ')}]`, CHANGED) }),
    ...(groups.length > 0 && { groups: fact(`[${groups.join(', ')}]`, CHANGED) }),
    groupWait: fact(formatDuration(groupWaitMs), CHANGED),
    groupInterval: fact(formatDuration(groupIntervalMs), CHANGED),
    ...(quietHours !== null && quietFacts(quietHours)),
    ...settingFacts(settings, shown.notifier(type, settings), CHANGED),
  };
}

function quietFacts({ fromMinute, toMinute, timeZone, letErrorsThrough }: QuietHours): Facts {
  return {
    'quietHours.from': fact(clockTime(fromMinute), CHANGED),
    'quietHours.to': fact(clockTime(toMinute), CHANGED),
    'quietHours.timeZone': fact(timeZone, CHANGED),
    'quietHours.letErrorsThrough': fact(String(letErrorsThrough), CHANGED),
  };
}

/** `22:05` */
function clockTime(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
