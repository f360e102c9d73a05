import type { Activity } from '../../model/activity.ts';
import type { FleetStatus } from '../../views/status.ts';
import { renderRecent } from '../render/activities.ts';
import { clean } from '../render/clean.ts';
import { renderGroups } from '../render/groups.ts';
import { renderHeader } from '../render/header.ts';
import { renderInstances } from '../render/instances.ts';
import { colors, type Look, symbols } from '../render/look.ts';
import { cut, widthOf, wrap } from '../render/text.ts';
import type { Hint } from './hints.ts';

export interface Frame {
  readonly status: FleetStatus;
  /** Oldest first. */
  readonly activities: readonly Activity[];
  readonly hints: readonly Hint[];
  /** What the person has to know about the view itself, as that it is not up to date; null for nothing. */
  readonly notice: string | null;
}

/** The fewest lines that the instances and the activities get where there is room at all. */
const MIN_TABLE_LINES = 4;
const MIN_ACTIVITY_LINES = 4;

/** The live view: never wider than `columns`, never higher than `rows`, whatever the fleet's size. */
export function renderFrame(frame: Frame, look: Look): string {
  const { status, activities, hints, notice } = frame;
  const head = [...renderHeader(status, look), ...noticeLines(notice, look)];
  const groups = renderGroups(status.groups, look);
  const wanted = instanceLines(status) + 1;
  // Blank lines and explanations are the first to go on a small terminal.
  const explained = longHints(hints, look);
  const roomy = look.rows >= head.length + groups.length + MIN_TABLE_LINES + MIN_ACTIVITY_LINES + explained.length + 4;
  const tips = roomy ? explained : shortHints(hints, look);
  const blank = roomy ? 4 : 0;
  const left = look.rows - head.length - groups.length - tips.length - blank;
  const tableLines = Math.min(wanted, Math.max(MIN_TABLE_LINES, left - MIN_ACTIVITY_LINES));
  const table = renderInstances(status.groups, look, tableLines);
  const recent = renderRecent(activities, status.groups.length > 1, look, Math.max(0, left - table.length));
  const sections = [head, groups, table, recent, tips].filter((lines) => lines.length > 0);
  const lines = sections.flatMap((section, index) => (roomy && index > 0 ? ['', ...section] : section));
  return lines.slice(0, look.rows).join('\n');
}

/** What `drover status` prints once: everything but the activities. */
export function renderStatus(status: FleetStatus, look: Look): string {
  const sections = [
    renderHeader(status, look),
    renderGroups(status.groups, look),
    renderInstances(status.groups, look, Number.POSITIVE_INFINITY),
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}

function instanceLines(status: FleetStatus): number {
  const lines = status.groups
    .flatMap((group) => group.instances)
    .map(({ targets }) => (targets.length > 1 ? 1 + targets.length : 1));
  return lines.reduce((sum, each) => sum + each, 0);
}

function noticeLines(notice: string | null, look: Look): readonly string[] {
  if (notice === null) return [];
  return wrap(clean(notice), look.columns, 2, symbols(look).cut).map((line) => colors(look).red(line));
}

const HINT_LEAD = 'Try  ';
/** In less an explanation would be a thin column: it goes below its command. */
const MIN_EFFECT_COLUMNS = 24;
const MAX_EFFECT_LINES = 2;

/** Each command and what it does, beside it or, where that does not fit, below it. */
function longHints(hints: readonly Hint[], look: Look): readonly string[] {
  const { cyan, dim } = colors(look);
  const mark = symbols(look).cut;
  const indent = ' '.repeat(HINT_LEAD.length);
  const widths = hints.map(({ command }) => widthOf(clean(command)));
  // A long one takes no room from what is said of the others.
  const column = Math.max(0, ...widths.filter((one) => one <= look.columns * 0.4)) + HINT_LEAD.length + 3;
  return hints.flatMap(({ command, effect }, index) => {
    const text = cut(clean(command), look.columns - HINT_LEAD.length, mark);
    const head = dim(index === 0 ? HINT_LEAD : indent) + cyan(text);
    const shownEffect = clean(effect);
    const begin = Math.max(column, HINT_LEAD.length + widthOf(text) + 3);
    const padding = ' '.repeat(begin - HINT_LEAD.length - widthOf(text));
    const beside = look.columns - begin;
    if (widthOf(shownEffect) <= beside) return [head + padding + dim(shownEffect)];
    const room = look.columns - column;
    if (room < MIN_EFFECT_COLUMNS) return [head];
    const lines = wrap(shownEffect, room, MAX_EFFECT_LINES, mark);
    const below = lines.map((line) => ' '.repeat(column) + dim(line));
    return begin === column ? [head + padding + dim(lines[0] ?? ''), ...below.slice(1)] : [head, ...below];
  });
}

/** The commands alone, side by side, in as many lines as they need. */
function shortHints(hints: readonly Hint[], look: Look): readonly string[] {
  const { cyan, dim } = colors(look);
  const between = ` ${symbols(look).level.info} `;
  const room = look.columns - HINT_LEAD.length;
  const lines: string[][] = [];
  for (const { command } of hints) {
    const text = cut(clean(command), room, symbols(look).cut);
    const line = lines.at(-1);
    if (line !== undefined && widthOf([...line, text].join(between)) <= room) line.push(text);
    else lines.push([text]);
  }
  return lines.map((line, index) => {
    const lead = index === 0 ? HINT_LEAD : ' '.repeat(HINT_LEAD.length);
    return dim(lead) + line.map((text) => cyan(text)).join(dim(between));
  });
}
