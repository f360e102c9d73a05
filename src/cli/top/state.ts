import type { FleetStatus, GroupStatus, InstanceStatus } from '../../views/status.ts';
import { STATE_WORDS } from '../render/instances.ts';

/** What a person looks at. */
export type Place =
  | { readonly kind: 'fleet' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'instance'; readonly group: string; readonly id: string };

export const SORTS = ['order', 'trouble', 'age', 'open', 'requests'] as const;
export type Sort = (typeof SORTS)[number];

/** What a person has pressed so far amounts to. */
export interface TopState {
  readonly place: Place;
  /** The row that is marked, by its name, so that it stays marked when rows before it come and go; null before one was. */
  readonly group: string | null;
  readonly instance: string | null;
  /** Where the mark was last: a row that is gone leaves it there. */
  readonly index: number;
  readonly filter: string;
  /** Whether what is typed goes into the filter. */
  readonly isFiltering: boolean;
  readonly sort: Sort;
  readonly isHelp: boolean;
  readonly isOver: boolean;
}

export const START: TopState = {
  place: { kind: 'fleet' },
  group: null,
  instance: null,
  index: 0,
  filter: '',
  isFiltering: false,
  sort: 'order',
  isHelp: false,
  isOver: false,
};

/** A key as node:readline names it. */
export interface Key {
  readonly name?: string | undefined;
  /** What it types. */
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** The state after a key. @param pageRows how many rows are on the screen */
export function press(state: TopState, key: Key, status: FleetStatus, pageRows: number): TopState {
  if (key.ctrl === true && (key.name === 'c' || key.name === 'd')) return { ...state, isOver: true };
  if (state.isFiltering) return typeIntoFilter(state, key, status);
  if (state.isHelp) return { ...state, isHelp: false, isOver: key.sequence === 'q' };
  const move = (by: number) => moveTo(state, status, indexOf(state, status) + by);
  switch (key.name === undefined || key.sequence === 'G' || key.sequence === '?' ? key.sequence : key.name) {
    case 'q':
      return { ...state, isOver: true };
    case '?':
      return { ...state, isHelp: true };
    case '/':
      return state.place.kind === 'instance' ? state : { ...state, isFiltering: true };
    case 's':
      return { ...state, sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? 'order' };
    case 'down':
    case 'j':
      return move(1);
    case 'up':
    case 'k':
      return move(-1);
    case 'pagedown':
    case 'space':
      return move(pageRows);
    case 'pageup':
      return move(-pageRows);
    case 'home':
    case 'g':
      return moveTo(state, status, 0);
    case 'end':
    case 'G':
      return moveTo(state, status, Number.POSITIVE_INFINITY);
    case 'return':
    case 'enter':
    case 'right':
    case 'l':
      return enter(state, status);
    case 'escape':
    case 'left':
    case 'backspace':
    case 'h':
      return back(state);
    default:
      return state;
  }
}

function typeIntoFilter(state: TopState, { name, sequence = '', ctrl }: Key, status: FleetStatus): TopState {
  const filtered = (filter: string) => moveTo({ ...state, filter }, status, 0);
  if (name === 'return' || name === 'enter') return { ...state, isFiltering: false };
  if (name === 'escape') return { ...filtered(''), isFiltering: false };
  if (name === 'backspace') return filtered(state.filter.slice(0, -1));
  if (ctrl === true && name === 'u') return filtered('');
  return ctrl === true || /\p{Cc}/u.test(sequence) || sequence === '' ? state : filtered(state.filter + sequence);
}

function enter(state: TopState, status: FleetStatus): TopState {
  const { place } = state;
  const name = rowsOf(state, status)[indexOf(state, status)];
  if (name === undefined) return state;
  switch (place.kind) {
    case 'fleet':
      return { ...state, place: { kind: 'group', group: name }, group: name, instance: null, index: 0, filter: '' };
    case 'group':
      return { ...state, place: { kind: 'instance', group: place.group, id: name }, instance: name };
    case 'instance':
      return state;
  }
}

/** To where this was entered from; before that, without the filter. */
function back(state: TopState): TopState {
  const { place, filter } = state;
  if (place.kind === 'instance') return { ...state, place: { kind: 'group', group: place.group } };
  if (filter !== '') return { ...state, filter: '' };
  return place.kind === 'fleet' ? state : { ...state, place: { kind: 'fleet' } };
}

function moveTo(state: TopState, status: FleetStatus, to: number): TopState {
  const rows = rowsOf(state, status);
  const index = Math.max(0, Math.min(to, rows.length - 1));
  const name = rows[index] ?? null;
  switch (state.place.kind) {
    case 'fleet':
      return { ...state, index, group: name };
    case 'group':
      return { ...state, index, instance: name };
    case 'instance':
      return state;
  }
}

/** Which row is marked; 0 where there are none. */
export function indexOf(state: TopState, status: FleetStatus): number {
  const rows = rowsOf(state, status);
  const index = rows.indexOf((state.place.kind === 'fleet' ? state.group : state.instance) ?? '');
  return index === -1 ? Math.max(0, Math.min(state.index, rows.length - 1)) : index;
}

function rowsOf(state: TopState, status: FleetStatus): readonly string[] {
  switch (state.place.kind) {
    case 'fleet':
      return groupsShown(state, status).map(({ name }) => name);
    case 'group':
      return instancesShown(state, status).map(({ id }) => id);
    case 'instance':
      return [];
  }
}

/** The groups that the filter lets through. */
export function groupsShown({ filter }: TopState, { groups }: FleetStatus): readonly GroupStatus[] {
  return groups.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()));
}

/** The instances of the group that is looked at, filtered and sorted. */
export function instancesShown({ place, filter, sort }: TopState, { groups }: FleetStatus): readonly InstanceStatus[] {
  if (place.kind === 'fleet') return [];
  const instances = groups.find(({ name }) => name === place.group)?.instances ?? [];
  const wanted = filter.toLowerCase();
  const shown = wanted === '' ? instances : instances.filter((instance) => wordsOf(instance).includes(wanted));
  return sort === 'order' ? shown : [...shown].sort((a, b) => weight(b, sort) - weight(a, sort));
}

/** All that is shown of it, for the filter. */
function wordsOf(instance: InstanceStatus): string {
  const { id, state, health, endpoint, detail, machineDetail, zone, instanceType } = instance;
  return [id, STATE_WORDS[state], health, endpoint, detail, machineDetail, zone, instanceType].join(' ').toLowerCase();
}

/** The highest comes first. */
function weight(instance: InstanceStatus, sort: Exclude<Sort, 'order'>): number {
  const total = (key: 'openRequests' | 'requestsPerSecond') =>
    instance.targets.reduce((sum, target) => sum + target[key], 0);
  switch (sort) {
    case 'trouble':
      return instance.health === 'unhealthy' ? 2 : instance.state === 'inService' ? 0 : 1;
    case 'age':
      return -instance.createdAt;
    case 'open':
      return total('openRequests');
    case 'requests':
      return total('requestsPerSecond');
  }
}
