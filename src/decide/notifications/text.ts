import { count as counted, plural } from '../../base/plural.ts';
import type { ActivityLevel, StoredActivity } from '../../model/activity.ts';
import type { ActivitySummary, NotificationMessage } from '../../model/notification-message.ts';
import type { EpochMs } from '../../model/time.ts';
import { isAtLeast } from './categories.ts';

type Facts = Omit<NotificationMessage, 'title' | 'lines'>;

/** So many activities are told one by one; more are told by kind. */
const TOLD_ONE_BY_ONE = 5;
const MAX_LINE_CHARACTERS = 500;
const MAX_TITLE_CHARACTERS = 120;
const MAX_GROUPS_IN_TITLE = 3;

/** What a test message says. */
export const TEST_TITLE = 'a test message';
/** With what some receivers stumble over, so that a test fails where a message would. */
export const TEST_LINE =
  'If you read this, notifications of this destination arrive, and so do "quotes", <brackets>, *stars*, & and \u{1F402}.';

/** `shop: launchSuspended in web`, `shop: 37 activities (2 errors, 5 warnings) in web and api`. */
export function titleOf({ fleet, count, lost, summary }: Facts): string {
  const [only] = summary;
  if (only === undefined) return cut(`${fleet}: ${counted(lost, 'activity', 'activities')} lost`, MAX_TITLE_CHARACTERS);
  const about = groupsIn(summary);
  const where = about === '' ? '' : ` in ${about}`;
  if (count === 1) return cut(`${fleet}: ${only.reason}${where}`, MAX_TITLE_CHARACTERS);
  return cut(`${fleet}: ${count} activities${severe(summary)}${where}`, MAX_TITLE_CHARACTERS);
}

function groupsIn(summary: readonly ActivitySummary[]): string {
  const groups = [...new Set(summary.flatMap(({ group }) => group ?? []))];
  const named = groups.slice(0, MAX_GROUPS_IN_TITLE);
  const more = groups.length - named.length;
  if (more > 0) return `${named.join(', ')} and ${more} more`;
  return named.length < 2 ? named.join('') : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
}

function severe(summary: readonly ActivitySummary[]): string {
  const of = (level: ActivityLevel) =>
    summary.filter((one) => one.level === level).reduce((sum, { count }) => sum + count, 0);
  const [errors, warnings] = [of('error'), of('warning')];
  const parts = [
    ...(errors === 0 ? [] : [counted(errors, 'error')]),
    ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** What has happened: a few one by one and in their order, many by kind, the most severe first. */
export function linesOf(facts: Facts): readonly string[] {
  const { count, lost, summary, activities } = facts;
  const told = count <= TOLD_ONE_BY_ONE ? activities.map(activityLine) : mostSevereFirst(summary).map(kindLine);
  const missing = `${counted(lost, 'activity', 'activities')} ${plural(lost, 'was', 'were')} deleted from the history before ${plural(lost, 'it', 'they')} could be sent.`;
  return (lost === 0 ? told : [missing, ...told]).map((line) => cut(line, MAX_LINE_CHARACTERS));
}

function mostSevereFirst(summary: readonly ActivitySummary[]): readonly ActivitySummary[] {
  const rank = ({ level }: ActivitySummary) => (level === 'error' ? 0 : level === 'warning' ? 1 : 2);
  return summary.toSorted((a, b) => rank(a) - rank(b) || a.first.sequence - b.first.sequence);
}

/** `2026-11-27 03:05:07Z error web: sentence` */
function activityLine(activity: StoredActivity): string {
  return `${moment(activity.at)} ${mark(activity.level)}${subject(activity)}${activity.message}`;
}

function subject({ group, instanceId, message }: StoredActivity): string {
  const about = [group, instanceId].filter((one) => one !== null && !message.includes(one));
  return about.length === 0 ? '' : `${about.join(' ')}: `;
}

/** `launchFailed in web, 12 times (error), 2026-11-27 03:05:07Z to 03:59:01Z. First: sentence Last: sentence` */
function kindLine({ group, reason, level, count, first, last }: ActivitySummary): string {
  const where = group === null ? '' : ` in ${group}`;
  if (count === 1) return activityLine(first);
  const times = `${moment(first.at)} to ${moment(last.at)}`;
  return `${mark(level)}${reason}${where}, ${count} times, ${times}. First: ${half(first.message)} Last: ${half(last.message)}`;
}

/** So that of a first and a last sentence both are told. */
function half(text: string): string {
  return cut(text, 180);
}

function mark(level: ActivityLevel): string {
  return isAtLeast(level, 'warning') ? `${level} ` : '';
}

/** To the second, in UTC: whoever reads it may be anywhere. */
function moment(at: EpochMs): string {
  return new Date(at).toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

/** One line without control characters, of at most so many characters; no character is cut in two. */
function cut(text: string, most: number): string {
  const clean = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const characters = [...clean];
  return characters.length <= most ? clean : `${characters.slice(0, most - 3).join('')}...`;
}
