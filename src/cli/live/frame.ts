import type { Activity } from '../../model/activity.ts';
import type { FleetStatus } from '../../views/status.ts';
import { renderRecent } from '../render/activities.ts';
import { renderGroups } from '../render/groups.ts';
import { renderHeader } from '../render/header.ts';
import { renderInstances } from '../render/instances.ts';
import { colors, type Look, symbols } from '../render/look.ts';
import { clean, cut, widthOf, wrap } from '../render/text.ts';
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
  const roomy = look.rows >= head.length + groups.length + MIN_TABLE_LINES + MIN_ACTIVITY_LINES + hints.length + 4;
  const tips = roomy ? longHints(hints, look) : shortHints(hints, look);
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

function longHints(hints: readonly Hint[], look: Look): readonly string[] {
  const { cyan, dim } = colors(look);
  const widths = hints.map(({ command }) => widthOf(clean(command)));
  // A long one takes no room from what is said of the others.
  const width = Math.max(0, ...widths.filter((one) => one <= look.columns * 0.4));
  return hints.map(({ command, effect }, index) => {
    const lead = index === 0 ? 'Try  ' : '     ';
    const text = cut(clean(command), look.columns - lead.length, symbols(look).cut);
    const padding = Math.max(0, width - widthOf(text)) + 3;
    const room = look.columns - lead.length - widthOf(text) - padding;
    const told = room < 10 ? '' : `${' '.repeat(padding)}${cut(clean(effect), room, symbols(look).cut)}`;
    return `${dim(lead)}${cyan(text)}${dim(told)}`;
  });
}

/** The commands alone, as many as fit on one line. */
function shortHints(hints: readonly Hint[], look: Look): readonly string[] {
  if (hints.length === 0) return [];
  const { cyan, dim } = colors(look);
  const lead = 'Try  ';
  let room = look.columns - lead.length;
  const kept: string[] = [];
  // The last hint says how to end: it stays.
  for (const { command } of [...hints.slice(-1), ...hints.slice(0, -1)]) {
    const needed = widthOf(clean(command)) + 3;
    if (needed > room) continue;
    room -= needed;
    kept.push(cyan(clean(command)));
  }
  return [dim(lead) + [...kept.slice(1), ...kept.slice(0, 1)].join(dim(` ${symbols(look).level.info} `))];
}
