/** The values of a fleet as the fleet file would write them, to be compared one by one. */

import { formatByteSize } from '../base/byte-size.ts';
import { withoutCredentials } from '../base/credentials.ts';
import { formatDuration } from '../base/duration.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { ChangeKind, Effect, FleetChange } from './change.ts';

/** What most changes of a group do. */
export const NEXT_CHECK = effect('change', 'takes effect at the next check');

export function effect(kind: ChangeKind, words: string): Effect {
  return { kind, words };
}

/** One value, as the fleet file would write it, and what a change of it does. */
export interface Fact {
  readonly text: string;
  readonly effect: Effect;
  /** Its text is compared and never shown. */
  readonly secret: boolean;
}
export type Facts = Readonly<Record<string, Fact>>;

export function fact(text: string | number, effect: Effect): Fact {
  return { text: String(text), effect, secret: false };
}

/** Things of one kind, each with a name of its own. */
export interface Kind<T> {
  summary(item: T): string;
  facts(item: T): Facts;
  /** What differs inside of it beside its facts; `path` ends with a dot. */
  parts?(before: T, after: T, path: string): FleetChange[];
  /** What it does; where that depends on the thing, by it. */
  readonly added: Effect | ((item: T) => Effect);
  readonly removed: Effect | ((item: T) => Effect);
}

export function diffNamed<T extends { readonly name: string }>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  { summary, facts, parts, added, removed }: Kind<T>,
): FleetChange[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].flatMap((name): FleetChange[] => {
    const old = before.find((item) => item.name === name);
    const next = after.find((item) => item.name === name);
    const path = `${kind}.${name}`;
    if (next === undefined) {
      if (old === undefined) return [];
      return [changeOf(path, summary(old), null, typeof removed === 'function' ? removed(old) : removed)];
    }
    if (old === undefined) {
      return [changeOf(path, null, summary(next), typeof added === 'function' ? added(next) : added)];
    }
    return [...diffFacts(`${path}.`, facts(old), facts(next)), ...(parts?.(old, next, `${path}.`) ?? [])];
  });
}

function changeOf(path: string, before: string | null, after: string | null, { kind, words }: Effect): FleetChange {
  return { kind, path, before, after, effect: words };
}

export function diffFacts(prefix: string, before: Facts, after: Facts): FleetChange[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const old = before[key];
    const next = after[key];
    const effect = (next ?? old)?.effect;
    if (old?.text === next?.text || effect === undefined) return [];
    return [changeOf(`${prefix}${key}`, shown(old, HIDDEN), shown(next, old ? HIDDEN_NEW : HIDDEN), effect)];
  });
}

const HIDDEN = '(not shown)';
const HIDDEN_NEW = '(changed, not shown)';

function shown(value: Fact | undefined, hidden: string): string | null {
  if (value === undefined) return null;
  return value.secret ? hidden : withoutCredentials(value.text);
}

/** Whether what stands at a path of the settings may be shown. */
export type IsShown = (path: readonly (string | number)[]) => boolean;

/** Which settings of a type may be shown: those that its schema marks as public. */
export interface ShownSettings {
  /** Of an instance of a provider type. */
  readonly provider: (type: string, settings: JsonObject) => IsShown;
  /** Of a launch template for a provider type. */
  readonly launchTemplate: (type: string, settings: JsonObject) => IsShown;
  /** Of a metric's source. */
  readonly source: (type: string, settings: JsonObject) => IsShown;
  /** Of a destination of notifications. */
  readonly notifier: (type: string, settings: JsonObject) => IsShown;
}

/** For where there are no schemas to ask. */
export const NOTHING_SHOWN: ShownSettings = {
  provider: () => () => false,
  launchTemplate: () => () => false,
  source: () => () => false,
  notifier: () => () => false,
};

/** The settings of a provider or of a metric's source. What is not public is compared and not shown, each part by itself. */
export function settingFacts(settings: JsonObject, isShown: IsShown, effect: Effect, prefix = ''): Facts {
  const facts = (value: Json, path: readonly string[]): (readonly [string, Fact])[] => {
    const name = `${prefix}${path.join('.')}`;
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isShown(path) && !(isMapping && Object.keys(value).length === 0)) return [setting(name, value, effect)];
    if (isMapping) return Object.entries(value).flatMap(([key, part]) => facts(part, [...path, key]));
    const [word] = setting(name, value, effect);
    return [[word, { text: JSON.stringify(value), effect, secret: true }]];
  };
  return Object.fromEntries(Object.entries(settings).flatMap(([key, value]) => facts(value, [key])));
}

/**
 * One value under its name in the file. By convention a duration is `stopTimeout: 10s` there and `stopTimeoutMs: 10000` here, and a
 * size `maxLogSize: 1KiB` there and `maxLogSizeBytes: 1024` here.
 */
export function setting(key: string, value: unknown, effect: Effect): readonly [string, Fact] {
  const [word, text] = inTheFile(key, value);
  return [word, fact(text, effect)];
}

function inTheFile(key: string, value: unknown): readonly [string, string] {
  if (typeof value === 'number' && key.endsWith('Ms')) return [key.slice(0, -'Ms'.length), formatDuration(value)];
  if (typeof value === 'number' && key.endsWith('Bytes')) return [key.slice(0, -'Bytes'.length), formatByteSize(value)];
  return [key, typeof value === 'string' ? value : JSON.stringify(value)];
}
