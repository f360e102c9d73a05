import { stripVTControlCharacters } from 'node:util';
import type { Activity } from '../../model/activity.ts';
import type { FleetStatus, InstanceStatus, TargetStatus } from '../../views/status.ts';
import { renderRecent } from '../render/activities.ts';
import { clean } from '../render/clean.ts';
import { renderGroupRows, renderGroups } from '../render/groups.ts';
import { renderHeader } from '../render/header.ts';
import { renderInstanceRows, STATE_WORDS } from '../render/instances.ts';
import { colors, type Look, symbols } from '../render/look.ts';
import { renderTable } from '../render/table.ts';
import { cut, pad, wrap } from '../render/text.ts';
import { amount, dateAndTime, duration } from '../render/units.ts';
import { groupsShown, indexOf, instancesShown, SORTS, type TopState } from './state.ts';

export interface TopFrame {
  readonly status: FleetStatus;
  readonly state: TopState;
  /** Those of what is looked at, the newest last. */
  readonly activities: readonly Activity[];
  /** What the person has to know about the view itself; null for nothing. */
  readonly notice: string | null;
}

/** A screen, and what is to be known for the next one. */
export interface Drawn {
  /** As many as the screen has rows. */
  readonly lines: readonly string[];
  /** Of the list: the first row that is shown, and how many are. */
  readonly first: number;
  readonly pageRows: number;
}

/** The most lines of what is beside the list, as a share of the screen. */
const HEAD_SHARE = 0.4;
const MAX_RECENT_LINES = 8;
const MARK_COLUMNS = 2;

/** The whole screen. @param before the first row that was shown, so that the list moves no more than it has to */
export function renderTop(frame: TopFrame, look: Look, before: number): Drawn {
  const { state } = frame;
  const foot = footLines(frame, look);
  const room = Math.max(0, look.rows - foot.length);
  if (state.isHelp) return fill(helpLines(look), foot, look, before, 0);
  const head = headLines(frame, look).slice(0, Math.max(1, Math.floor(room * HEAD_SHARE)));
  if (state.place.kind === 'instance') {
    const body = instanceLines(frame, look);
    const recent = renderRecent(frame.activities, false, look, Math.max(0, room - head.length - body.length - 2));
    return fill([...head, '', ...body, '', ...recent], foot, look, before, 0);
  }
  const recent = renderRecent(frame.activities, frame.status.groups.length > 1, look, recentRoom(room - head.length));
  const listRoom = Math.max(0, room - head.length - recent.length - (recent.length > 0 ? 2 : 1) - 1);
  const total =
    state.place.kind === 'fleet' ? groupsShown(state, frame.status).length : instancesShown(state, frame.status).length;
  const at = indexOf(state, frame.status);
  const first = Math.max(0, Math.min(before, at, total - listRoom), at - listRoom + 1);
  const list = listLines(frame, look, first, listRoom);
  const gap = Array.from({ length: Math.max(0, listRoom + 1 - list.length) }, () => '');
  const lines = [...head, '', ...list, ...gap, ...(recent.length > 0 ? ['', ...recent] : [])];
  return fill(lines, foot, look, first, listRoom);
}

function recentRoom(left: number): number {
  return Math.max(0, Math.min(MAX_RECENT_LINES, Math.floor(left / 3)));
}

function fill(lines: readonly string[], foot: readonly string[], look: Look, first: number, pageRows: number): Drawn {
  const room = Math.max(0, look.rows - foot.length);
  const body = Array.from({ length: room }, (_, index) => lines[index] ?? '');
  return { lines: [...body, ...foot].slice(0, look.rows), first, pageRows: Math.max(1, pageRows) };
}

function headLines({ status, state, notice }: TopFrame, look: Look): readonly string[] {
  const { red } = colors(look);
  const notices =
    notice === null ? [] : wrap(clean(notice), look.columns, 2, symbols(look).cut).map((line) => red(line));
  const whole = renderHeader(status, look);
  const [title = ''] = whole;
  const { place } = state;
  if (place.kind === 'fleet') return [...notices, ...whole];
  const group = status.groups.find(({ name }) => name === place.group);
  const gone = red(`There is no group ${clean(place.group)} any more.`);
  return [...notices, title, ...(group === undefined ? [gone] : renderGroups([group], look))];
}

/** The title of a list, and the rows that are on the screen, one of them marked. */
function listLines({ status, state }: TopFrame, look: Look, first: number, room: number): readonly string[] {
  const inner = { ...look, columns: look.columns - MARK_COLUMNS };
  const at = indexOf(state, status) - first;
  const [title = '', ...rows] =
    state.place.kind === 'fleet'
      ? renderGroupRows(groupsShown(state, status).slice(first, first + room), inner)
      : renderInstanceRows(instancesShown(state, status).slice(first, first + room), inner);
  if (rows.length === 0)
    return [colors(look).dim(state.filter === '' ? '  There are none.' : '  Nothing fits the filter.')];
  return [`  ${title}`, ...rows.map((row, index) => (index === at ? marked(row, look) : `  ${row}`))];
}

function marked(row: string, look: Look): string {
  const text = pad(`${look.unicode ? '❯' : '>'} ${stripVTControlCharacters(row)}`, look.columns);
  return colors(look).inverse(text);
}

function instanceLines({ status, state }: TopFrame, look: Look): readonly string[] {
  const { place } = state;
  if (place.kind !== 'instance') return [];
  const instance = status.groups.flatMap(({ instances }) => instances).find(({ id }) => id === place.id);
  if (instance === undefined) return [colors(look).yellow(`${clean(place.id)} is gone.`)];
  const { bold, dim } = colors(look);
  const facts = factsOf(instance, look);
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    bold(clean(instance.id)),
    ...facts.map(
      ([name, text]) =>
        `  ${dim(name.padEnd(width))}  ${cut(clean(text), look.columns - width - 4, symbols(look).cut)}`,
    ),
    ...(instance.targets.length === 0 ? [] : ['', ...targetLines(instance.targets, look)]),
  ];
}

function factsOf(instance: InstanceStatus, look: Look): readonly (readonly [string, string])[] {
  const { state, since, createdAt, health, detail, endpoint, provider, machineId, machineDetail, zone } = instance;
  const facts: readonly (readonly [string, string | null])[] = [
    ['state', `${STATE_WORDS[state]} for ${duration(look.now - since)}`],
    ['health', health],
    ['detail', detail || null],
    ['address', endpoint],
    ['launched', `${dateAndTime(createdAt)}, ${duration(look.now - createdAt)} ago`],
    ['provider', provider],
    ['machine', [machineId, machineDetail].filter((part) => part !== null && part !== '').join(', ') || null],
    ['zone', zone],
    ['type', instance.instanceType],
  ];
  return facts.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]));
}

function targetLines(targets: readonly TargetStatus[], look: Look): readonly string[] {
  const columns = [
    { title: 'TARGET GROUP', minWidth: 8 },
    { title: 'HEALTH' },
    { title: 'OPEN', align: 'right' as const },
    { title: 'REQ/S', align: 'right' as const },
    { title: 'ERRORS', align: 'right' as const, dropRank: 1 },
    { title: 'MEAN', align: 'right' as const, dropRank: 2 },
    { title: 'DETAIL', minWidth: 8, dropRank: 0 },
  ];
  const rows = targets.map((target) => [
    { text: clean(target.targetGroup) },
    { text: clean(target.health) },
    { text: amount(target.openRequests) },
    { text: amount(target.requestsPerSecond) },
    { text: `${Math.round(target.errorShare * 100)} %` },
    { text: `${amount(target.responseTimeMs)} ms` },
    { text: clean(target.detail) },
  ]);
  return renderTable(columns, rows, { width: look.columns, title: colors(look).dim, cut: symbols(look).cut });
}

function footLines({ state, status }: TopFrame, look: Look): readonly string[] {
  const { cyan, dim } = colors(look);
  if (state.isFiltering)
    return [cut(`/${state.filter}`, look.columns - 1, symbols(look).cut) + colors(look).inverse(' ')];
  if (state.isHelp) return [dim('any key: back')];
  const total = state.place.kind === 'fleet' ? groupsShown(state, status).length : instancesShown(state, status).length;
  const where = state.place.kind === 'instance' || total === 0 ? [] : [`${indexOf(state, status) + 1} of ${total}`];
  const filter = state.filter === '' ? [] : [`filter: ${state.filter}`];
  const sort = state.place.kind === 'group' && state.sort !== 'order' ? [`by ${state.sort}`] : [];
  const keys =
    state.place.kind === 'instance'
      ? 'esc back  ? help  q quit'
      : 'enter look into  esc back  / filter  s sort  ? help  q quit';
  const info = [...where, ...filter, ...sort].map(clean).join('  ');
  const text = cut(
    info === '' ? keys : `${info}  ${symbols(look).level.info}  ${keys}`,
    look.columns,
    symbols(look).cut,
  );
  return [text.startsWith(info) && info !== '' ? cyan(info) + dim(text.slice(info.length)) : dim(text)];
}

const HELP: readonly (readonly [string, string])[] = [
  ['↑ ↓, k j', 'up, down'],
  ['page up, page down, space', 'a page'],
  ['home, end, g G', 'the first, the last'],
  ['enter, →, l', 'look into a group, or an instance'],
  ['esc, ←, h', 'back; without the filter'],
  ['/', 'show only rows with what is typed; enter keeps it, esc takes it away'],
  ['s', `sort instances: ${SORTS.join(', ')}`],
  ['?', 'this help'],
  ['q, Ctrl-C', 'end'],
];

function helpLines(look: Look): readonly string[] {
  const { bold, cyan } = colors(look);
  const shown = HELP.map(([keys, effect]) => [look.unicode ? keys : keys.replace(/[↑↓→←],? ?/g, ''), effect] as const);
  const width = Math.max(...shown.map(([keys]) => keys.length));
  return [
    bold('Keys'),
    '',
    ...shown.map(([keys, effect]) => {
      const room = look.columns - width - 4;
      return `  ${cyan(keys.padEnd(width))}  ${room > 0 ? cut(effect, room, symbols(look).cut) : ''}`;
    }),
  ];
}
