import type { Hold } from '../../model/hold.ts';
import type { GroupStatus } from '../../views/status.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { shortenIds } from './ids.ts';
import { colors, type Look, symbols } from './look.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { wrap } from './text.ts';
import { duration } from './units.ts';

const COLUMNS: readonly Column[] = [
  { title: 'GROUP', minWidth: 8 },
  { title: 'DESIRED', align: 'right' },
  { title: 'IN SERVICE', align: 'right' },
  { title: 'PENDING', align: 'right', dropRank: 0 },
  { title: 'ENDING', align: 'right', dropRank: 1 },
  { title: 'MIN/MAX', align: 'right', dropRank: 3 },
  { title: '', dropRank: 2 },
];

/** The most columns that a group's bar takes. */
const BAR_COLUMNS = 24;

/** One line for each group, and below it one for each of its policies, why it waits, where it does, and what a person has to do. */
export function renderGroups(groups: readonly GroupStatus[], look: Look): readonly string[] {
  const [title = '', ...lines] = renderGroupRows(groups, look);
  return [title, ...groups.flatMap((group, index) => [lines[index] ?? '', ...why(group, look)])];
}

/** The title, and one line for each group. */
export function renderGroupRows(groups: readonly GroupStatus[], look: Look): readonly string[] {
  return renderTable(
    COLUMNS,
    groups.map((group) => cells(group, look)),
    { width: look.columns, title: colors(look).dim, cut: symbols(look).cut },
  );
}

function why(group: GroupStatus, look: Look): readonly string[] {
  return [...policies(group, look), ...waits(group, look)];
}

function cells(group: GroupStatus, look: Look): readonly Cell[] {
  const { blue, bold, dim, green, yellow } = colors(look);
  const lit = (value: number, style: (text: string) => string): Cell => ({
    text: String(value),
    style: value === 0 ? dim : style,
  });
  return [
    { text: clean(group.name), style: bold },
    { text: String(group.desired) },
    lit(group.inService, group.inService < group.desired ? yellow : green),
    lit(group.pending, yellow),
    lit(group.terminating, blue),
    { text: `${group.minSize}${symbols(look).range}${group.maxSize}`, style: dim },
    bar(group, look),
  ];
}

/** A place for each server up to the group's maximum, or for so many servers that it fits. */
function bar(group: GroupStatus, look: Look): Cell {
  const { blue, dim, green, yellow } = colors(look);
  const marks = symbols(look).bar;
  const size = Math.max(group.maxSize, group.inService + group.pending + group.terminating, 1);
  const width = Math.min(size, BAR_COLUMNS);
  // Even one server of very many shows.
  const share = (servers: number) => Math.min(Math.ceil((servers * width) / size), servers);
  const inService = share(group.inService);
  const pending = Math.min(share(group.pending), width - inService);
  const ending = Math.min(share(group.terminating), width - inService - pending);
  const free = width - inService - pending - ending;
  const parts = [
    { text: marks.inService.repeat(inService), style: green },
    { text: marks.pending.repeat(pending), style: yellow },
    { text: marks.ending.repeat(ending), style: blue },
    { text: marks.free.repeat(free), style: dim },
  ];
  return {
    text: parts.map((part) => part.text).join(''),
    style: () => parts.map((part) => part.style(part.text)).join(''),
  };
}

function policies(group: GroupStatus, look: Look): readonly string[] {
  const { dim } = colors(look);
  const { arrow, cut: mark } = symbols(look);
  return group.policies.flatMap(({ policy, wants, why, waitsUntil }) => {
    const wish = wants === null ? '' : ` wants ${wants}`;
    const left = waitsUntil === null ? '' : ` (${duration(waitsUntil - look.now)} left)`;
    const text = clean(`${policy}${wish}: ${why}${left}`);
    return wrap(text, look.columns - 3 - arrow.length, WAIT_LINES, mark).map((line, index) =>
      dim(`  ${index === 0 ? arrow : ' '.repeat(arrow.length)} ${line}`),
    );
  });
}

function waits(group: GroupStatus, look: Look): readonly string[] {
  const { red, yellow } = colors(look);
  const { cut: mark, hold } = symbols(look);
  const lines = (text: string, style: (line: string) => string) =>
    wrap(shortenIds(clean(asTyped(text, look.program))), look.columns - 4, WAIT_LINES, mark).map((line, index) =>
      style(`  ${index === 0 ? hold : ' '} ${line}`),
    );
  const { name, launchSuspended: why, suspendedProcesses, notes } = group;
  const suspended =
    why === null ? [] : lines(`Launching is suspended: ${why} Resume with \`drover resume ${name}\`.`, red);
  const list = suspendedProcesses.join(' ');
  const off =
    list === ''
      ? []
      : lines(`Suspended: ${suspendedProcesses.join(', ')}. Resume with \`drover resume ${name} ${list}\`.`, yellow);
  // The suspension has its line above.
  const others = otherHolds(group).filter(({ code }) => why === null || code !== 'launchSuspended');
  return [
    ...suspended,
    ...off,
    ...others.flatMap((each) => lines(holdText(each, look), yellow)),
    ...notes.flatMap((note) => lines(note, yellow)),
  ];
}

/** Those that do not only repeat what a policy says. */
export function otherHolds({ holds, policies }: Pick<GroupStatus, 'holds' | 'policies'>): readonly Hold[] {
  return holds.filter(({ message }) => !policies.some(({ policy, why }) => message === `Policy ${policy}: ${why}`));
}

/** The most lines that one reason for waiting takes. */
const WAIT_LINES = 2;

/** A hold's sentence and how long it still holds. */
export function holdText({ message, until }: Hold, { now, program }: Pick<Look, 'now' | 'program'>): string {
  const text = asTyped(message, program);
  return until === null ? text : `${text} (${duration(until - now)} left)`;
}
