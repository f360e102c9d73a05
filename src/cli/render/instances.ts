import type { InstanceStateName } from '../../model/instance.ts';
import { LIFECYCLE } from '../../model/lifecycle.ts';
import type { GroupStatus, InstanceStatus, TargetStatus } from '../../views/status.ts';
import { clean } from './clean.ts';
import { shortId } from './ids.ts';
import { colors, type Look, symbols } from './look.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { cut } from './text.ts';
import { amount, duration } from './units.ts';

export const STATE_WORDS: Record<InstanceStateName, string> = {
  launching: 'launching',
  probing: 'probing',
  booting: 'booting',
  inService: 'in service',
  draining: 'draining',
  terminating: 'terminating',
  terminated: 'terminated',
};

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'INSTANCE', minWidth: 10 },
  { title: 'STATE', usualWidth: 11, minWidth: 11 },
  { title: 'HEALTH', usualWidth: 9, minWidth: 9 },
  { title: 'ADDRESS', usualWidth: 15, minWidth: 15, dropRank: 2 },
  { title: 'AGE', align: 'right', usualWidth: 6, dropRank: 4 },
  { title: 'OPEN', align: 'right', dropRank: 3 },
  { title: 'REQUESTS', align: 'right', dropRank: 5 },
  { title: 'DETAIL', minWidth: 12, dropRank: 1 },
];
const PLACEMENT_COLUMN: Column = { title: 'PLACEMENT', minWidth: 9, dropRank: 6 };
const GROUP_COLUMN: Column = { title: 'GROUP', minWidth: 6, dropRank: 0 };

/** Instances and, where one has several, its targets; at most `maxLines` lines with the title. */
export function renderInstances(groups: readonly GroupStatus[], look: Look, maxLines: number): readonly string[] {
  const instances = groups.flatMap((group) => group.instances);
  if (instances.length === 0) return maxLines < 1 ? [] : [colors(look).dim('There are no instances.')];
  const { shown, rest } = choose(instances, maxLines - 1);
  const kinds = { several: groups.length > 1, placed: shown.some(isPlaced) };
  const named = columnsOf(kinds);
  // Where all of them are shown, nothing of the last column is cut either.
  const columns = maxLines === Number.POSITIVE_INFINITY ? named.map(wrapped) : named;
  const table = tableOf(
    columns,
    shown.flatMap((instance) => instanceRows(instance, kinds, look)),
    look,
  );
  return rest === null
    ? table
    : [...table, colors(look).dim(cut(`   ... and ${rest}`, look.columns, symbols(look).cut))];
}

/** The title, and one line for each instance of a group. */
export function renderInstanceRows(instances: readonly InstanceStatus[], look: Look): readonly string[] {
  const kinds = { several: false, placed: instances.some(isPlaced) };
  return tableOf(
    columnsOf(kinds),
    instances.map((instance) => instanceRow(instance, kinds, look)),
    look,
  );
}

function columnsOf({ several, placed }: Kinds): readonly Column[] {
  const all = placed ? [COLUMNS.slice(0, 4), PLACEMENT_COLUMN, COLUMNS.slice(4)].flat() : COLUMNS;
  return several ? [all.slice(0, 1), GROUP_COLUMN, all.slice(1)].flat() : all;
}

function tableOf(columns: readonly Column[], rows: readonly (readonly Cell[])[], look: Look): readonly string[] {
  return renderTable(columns, rows, { width: look.columns, title: colors(look).dim, cut: symbols(look).cut });
}

function wrapped(column: Column): Column {
  return column.title === 'DETAIL' ? { ...column, wraps: true } : column;
}

/** All of them, or those that need attention most, in their own order, and what the others are. */
function choose(instances: readonly InstanceStatus[], maxLines: number) {
  const lines = instances.reduce((sum, instance) => sum + linesOf(instance), 0);
  if (lines <= maxLines) return { shown: instances, rest: null };
  let room = maxLines - 1;
  const chosen = new Set<InstanceStatus>();
  for (const instance of [...instances].sort((a, b) => interest(b) - interest(a))) {
    room -= linesOf(instance);
    if (room < 0) break;
    chosen.add(instance);
  }
  const others = instances.filter((instance) => !chosen.has(instance));
  return { shown: instances.filter((instance) => chosen.has(instance)), rest: summary(others) };
}

function linesOf(instance: InstanceStatus): number {
  return instance.targets.length > 1 ? 1 + instance.targets.length : 1;
}

function interest(instance: InstanceStatus): number {
  if (instance.health === 'unhealthy') return 2;
  return LIFECYCLE[instance.state].serves ? 0 : 1;
}

/** `17 more: 12 in service, 5 booting` */
function summary(instances: readonly InstanceStatus[]): string {
  const byState = new Map<string, number>();
  for (const { state } of instances) byState.set(STATE_WORDS[state], (byState.get(STATE_WORDS[state]) ?? 0) + 1);
  return `${instances.length} more: ${[...byState].map(([word, many]) => `${many} ${word}`).join(', ')}`;
}

/** Which of the columns are there that not every table has. */
interface Kinds {
  readonly several: boolean;
  readonly placed: boolean;
}

function isPlaced({ zone, instanceType }: InstanceStatus): boolean {
  return zone !== null || instanceType !== null;
}

/** `cx22 nbg1` */
function placementOf({ zone, instanceType }: InstanceStatus): string {
  return [instanceType, zone].filter((part) => part !== null).join(' ');
}

function instanceRows(instance: InstanceStatus, kinds: Kinds, look: Look): readonly (readonly Cell[])[] {
  const main = instanceRow(instance, kinds, look);
  return instance.targets.length > 1
    ? [main, ...instance.targets.map((target) => targetRow(target, kinds, look))]
    : [main];
}

function instanceRow(instance: InstanceStatus, kinds: Kinds, look: Look): readonly Cell[] {
  const { bold, dim } = colors(look);
  const marks = symbols(look);
  const health = healthOf(instance);
  const style = stateStyle(instance, look);
  const unhealthy = instance.health === 'unhealthy';
  return [
    { text: unhealthy ? marks.unhealthy : marks.state[instance.state], style },
    ...(kinds.several ? [{ text: clean(instance.group) }] : []),
    { text: look.columns >= WIDE ? clean(instance.id) : shortId(clean(instance.id)), style: bold },
    { text: STATE_WORDS[instance.state], style },
    { text: clean(health), style: healthStyle(health, look) },
    ...(kinds.placed ? [{ text: clean(placementOf(instance)) || marks.none }] : []),
    { text: clean(instance.endpoint ?? marks.none) },
    { text: duration(look.now - instance.createdAt), style: dim },
    { text: instance.targets.length === 0 ? marks.none : amount(total(instance.targets, 'openRequests')) },
    { text: instance.targets.length === 0 ? marks.none : amount(total(instance.targets, 'requestsTotal')) },
    { text: clean(instance.detail || targetDetail(instance) || instance.machineDetail), style: dim },
  ];
}

/** From so many columns on, ids are shown in full. */
const WIDE = 130;

function targetRow(target: TargetStatus, { several, placed }: Kinds, look: Look): readonly Cell[] {
  const { dim } = colors(look);
  return [
    { text: '' },
    ...(several ? [{ text: '' }] : []),
    { text: '' },
    { text: `${symbols(look).arrow} ${clean(target.targetGroup)}`, style: dim },
    { text: clean(target.health), style: healthStyle(target.health, look) },
    ...(placed ? [{ text: '' }] : []),
    { text: '' },
    { text: '' },
    { text: amount(target.openRequests) },
    { text: amount(target.requestsTotal) },
    { text: clean(target.detail || errorsOf(target)), style: dim },
  ];
}

function total(targets: readonly TargetStatus[], key: 'openRequests' | 'requestsTotal'): number {
  return targets.reduce((sum, target) => sum + target[key], 0);
}

/** The instance's own health; while that is not known, what the load balancer says. */
function healthOf(instance: InstanceStatus): string {
  return instance.health === 'unknown' ? (instance.targets[0]?.health ?? 'unknown') : instance.health;
}

function targetDetail(instance: InstanceStatus): string {
  const [target] = instance.targets;
  if (target === undefined) return '';
  return target.health === 'healthy' ? errorsOf(target) : target.detail;
}

/** From one in a hundred on. */
function errorsOf({ errorShare }: TargetStatus): string {
  const percent = Math.round(errorShare * 100);
  return percent === 0 ? '' : `fails ${percent} % of its requests`;
}

function stateStyle(instance: InstanceStatus, look: Look): (text: string) => string {
  const { blue, dim, green, red, yellow } = colors(look);
  if (instance.health === 'unhealthy') return red;
  switch (instance.state) {
    case 'launching':
    case 'probing':
    case 'booting':
      return yellow;
    case 'inService':
      return green;
    case 'draining':
      return blue;
    case 'terminating':
    case 'terminated':
      return dim;
  }
}

function healthStyle(health: string, look: Look): (text: string) => string {
  const { dim, green, red } = colors(look);
  return health === 'healthy' ? green : health === 'unhealthy' ? red : dim;
}
