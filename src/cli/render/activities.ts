import type { Activity, ActivityLevel } from '../../model/activity.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { shortenIds, shortId } from './ids.ts';
import { colors, type Look, symbols } from './look.ts';
import { wrap } from './text.ts';
import { dateAndTime, timeOfDay } from './units.ts';

/** The most lines that one sentence takes in the live view. */
const SENTENCE_LINES = 2;
/** The most lines that one sentence takes in a list, which is more than any needs. */
const MAX_LIST_LINES = 20;
const DATE_AND_TIME_COLUMNS = 19;
/** In so many columns ids are shown in full, as `drover status` does. */
const WHOLE_IDS_COLUMNS = 130;
/** In less, the terminal's own wrapping reads better. */
const MIN_SENTENCE_COLUMNS = 30;

/** The newest activities that fit into `maxLines`, the newest last; each with its group where there are several. */
export function renderRecent(
  activities: readonly Activity[],
  severalGroups: boolean,
  look: Look,
  maxLines: number,
): readonly string[] {
  let lines: readonly string[] = [];
  for (const activity of activities.toReversed()) {
    const about = activity.instanceId ?? (severalGroups ? activity.group : null);
    const more = recentLines(activity, sentence(activity, about, look), look);
    if (lines.length + more.length > maxLines) break;
    lines = [...more, ...lines];
  }
  return lines;
}

function recentLines(activity: Activity, text: string, look: Look): readonly string[] {
  const { dim } = colors(look);
  const marks = symbols(look);
  const style = levelStyle(activity.level, look);
  const time = timeOfDay(activity.at);
  const indent = time.length + 4;
  const lines = wrap(shortenIds(text), look.columns - indent, SENTENCE_LINES, marks.cut);
  return lines.map((line, index) =>
    index === 0
      ? `${dim(time)}  ${style(marks.level[activity.level])} ${levelText(activity.level, line, look)}`
      : `${' '.repeat(indent)}${levelText(activity.level, line, look)}`,
  );
}

/** What was done; what it is about before it where it does not name that itself. */
function sentence(activity: Activity, about: string | null, { program }: Look): string {
  const message = asTyped(clean(activity.message), program);
  if (about === null || message.includes(about) || message.includes(shortId(about))) return message;
  return `${clean(about)}: ${message}`;
}

function levelStyle(level: ActivityLevel, look: Look): (text: string) => string {
  const { dim, red, yellow } = colors(look);
  return level === 'error' ? red : level === 'warning' ? yellow : dim;
}

function levelText(level: ActivityLevel, text: string, look: Look): string {
  return level === 'error' ? colors(look).red(text) : text;
}

/** One line for a log: `2026-11-23T15:44:00.000Z  info  hello  i-0ab3  launch  sentence`. */
export function plainLine(activity: Activity): string {
  const { at, level, group, instanceId, reason, message } = activity;
  const time = new Date(at).toISOString();
  return [time, level, clean(group ?? '-'), clean(instanceId ?? '-'), reason, clean(message)].join('  ');
}

/** For a person, in one line where there is room: `2026-11-23 15:44:00  warning  hello  sentence`. */
export function listLines(activity: Activity, look: Look, indent = ''): readonly string[] {
  const { dim } = colors(look);
  const level = activity.level.padEnd('warning'.length);
  const lead = `${indent}${dim(dateAndTime(activity.at))}  ${levelStyle(activity.level, look)(level)}  `;
  const column = indent.length + DATE_AND_TIME_COLUMNS + 2 + level.length + 2;
  const whole = sentence(activity, activity.instanceId ?? activity.group, look);
  const text = look.columns >= WHOLE_IDS_COLUMNS ? whole : shortenIds(whole);
  const wide = look.columns - column >= MIN_SENTENCE_COLUMNS;
  const lines = wide ? wrap(text, look.columns - column, MAX_LIST_LINES, symbols(look).cut) : [text];
  return lines.map((line, index) => (index === 0 ? lead : ' '.repeat(column)) + line);
}
