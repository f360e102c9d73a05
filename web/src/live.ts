/** What the page knows of the fleet, kept up by the stream of events. Components read it with `useLive`. */

import { useEffect, useSyncExternalStore } from 'react';
import {
  api,
  type FleetSummary,
  type GroupSummary,
  type InstanceStatus,
  type LoadBalancerStatus,
  Refusal,
  type StoredActivity,
  subscribe,
} from './api.ts';
import { type Sample, Samples } from './samples.ts';

const maxActivities = 500;
const firstRetryMs = 1_000;
const maxRetryMs = 15_000;
const trafficEveryMs = 5_000;
const recallMs = 15 * 60_000;

export type Connection = 'connecting' | 'live' | 'lost' | 'loggedOut';

export interface LiveState {
  readonly connection: Connection;
  /** When the connection was lost; null while it is there. */
  readonly lostAt: number | null;
  readonly fleet: FleetSummary | null;
  readonly groups: ReadonlyMap<string, GroupSummary>;
  readonly loadBalancers: ReadonlyMap<string, LoadBalancerStatus>;
  readonly instances: ReadonlyMap<string, InstanceStatus>;
  /** Whether all of them have been read. */
  readonly instancesRead: boolean;
  /** The newest first. */
  readonly activities: readonly StoredActivity[];
}

const EMPTY: LiveState = {
  connection: 'connecting',
  lostAt: null,
  fleet: null,
  groups: new Map(),
  loadBalancers: new Map(),
  instances: new Map(),
  instancesRead: false,
  activities: [],
};

let state = EMPTY;
const listeners = new Set<() => void>();
const samples = new Samples();
let close: (() => void) | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let retryMs = firstRetryMs;

function set(change: Partial<LiveState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

export function useLive<Part>(select: (state: LiveState) => Part): Part {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => select(state),
  );
}

/** Requests per second of a target group since the page is open, the oldest first. */
export function recentLoad(targetGroup: string): readonly Sample[] {
  return samples.of(targetGroup);
}

/** Subscribes first, then reads: what changes in between is in the stream. */
export function start(): void {
  clearTimeout(retry);
  close?.();
  let reading: Promise<void> | null = null;
  const read = () => {
    reading ??= readAll().finally(() => {
      reading = null;
    });
    return reading;
  };
  close = subscribe({
    onOpen: () => {
      retryMs = firstRetryMs;
      void read();
    },
    onLost: (forGood) => lost(forGood),
    onFleet: (fleet) => set({ fleet }),
    onActivity: (activity) => {
      if (state.activities.some(({ sequence }) => sequence === activity.sequence)) return;
      const activities = [activity, ...state.activities].sort((a, b) => b.sequence - a.sequence);
      set({ activities: activities.slice(0, maxActivities) });
    },
    onInstances: (changed, gone) => set({ instances: merged(state.instances, changed, gone, ({ id }) => id) }),
    onGroups: (changed, gone) => set({ groups: merged(state.groups, changed, gone, ({ name }) => name) }),
    onLoadBalancers: (changed, gone) => {
      sample(changed);
      set({ loadBalancers: merged(state.loadBalancers, changed, gone, ({ name }) => name) });
    },
  });
}

export function stop(): void {
  clearTimeout(retry);
  close?.();
  close = null;
  state = EMPTY;
  set({ connection: 'loggedOut' });
}

/** Where the browser does not reconnect by itself (it was refused), this does. */
function lost(forGood = true): void {
  if (state.connection === 'loggedOut') return;
  set({ connection: 'lost', lostAt: state.lostAt ?? Date.now() });
  if (!forGood) return;
  close?.();
  close = null;
  clearTimeout(retry);
  retry = setTimeout(() => void reconnect(), retryMs);
  retryMs = Math.min(retryMs * 2, maxRetryMs);
}

/** Asks who is logged in first: a stream that is refused does not say why. */
async function reconnect(): Promise<void> {
  try {
    await api.session();
    start();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) stop();
    else lost();
  }
}

/** Tries again now, not when the wait is over. */
export function retryNow(): void {
  clearTimeout(retry);
  void reconnect();
}

async function readAll(): Promise<void> {
  try {
    const [fleet, groups, loadBalancers, page] = await Promise.all([
      api.fleet(),
      api.groups(),
      api.loadBalancers(),
      api.activities({}, 200),
    ]);
    sample(loadBalancers);
    set({
      connection: 'live',
      lostAt: null,
      fleet,
      groups: byKey(groups, ({ name }) => name),
      loadBalancers: byKey(loadBalancers, ({ name }) => name),
      activities: newestFirst(page.items, state.activities),
    });
    void recall(groups);
    const instances = await api.instances();
    set({ instances: byKey(instances, ({ id }) => id), instancesRead: true });
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) stop();
    else lost();
  }
}

/** What went through the target groups before the page was opened. */
async function recall(groups: readonly GroupSummary[]): Promise<void> {
  const since = Date.now() - recallMs;
  for (const { name, targetGroups } of groups) {
    if (targetGroups.every((targetGroup) => samples.of(targetGroup).length > 5)) continue;
    const history = await api.history(name, since, recallMs / 60).catch(() => null);
    for (const [targetGroup, points] of Object.entries(history?.traffic ?? {})) {
      samples.prepend(
        targetGroup,
        points.map(({ at, requestsPerSecond }) => ({ at, value: requestsPerSecond })),
      );
    }
  }
  set({});
}

/** Keeps up the instances' traffic while a page shows it: the stream says only what else changed of them. */
export function useTraffic(): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (state.connection === 'live' && !document.hidden) void readTraffic();
    }, trafficEveryMs);
    return () => clearInterval(timer);
  }, []);
}

async function readTraffic(): Promise<void> {
  const instances = await api.instances().catch(() => null);
  if (instances !== null) set({ instances: byKey(instances, ({ id }) => id) });
}

function sample(rows: readonly LoadBalancerStatus[]): void {
  for (const { targetGroups } of rows) {
    for (const { name, requestsPerSecond } of targetGroups) samples.add(name, Date.now(), requestsPerSecond);
  }
}

function byKey<Row>(rows: readonly Row[], key: (row: Row) => string): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [key(row), row]));
}

function merged<Row>(
  before: ReadonlyMap<string, Row>,
  changed: readonly Row[],
  gone: readonly string[],
  key: (row: Row) => string,
): ReadonlyMap<string, Row> {
  const after = new Map(before);
  for (const row of changed) after.set(key(row), row);
  for (const name of gone) after.delete(name);
  return after;
}

function newestFirst(...lists: readonly (readonly StoredActivity[])[]): readonly StoredActivity[] {
  const bySequence = new Map(lists.flat().map((activity) => [activity.sequence, activity]));
  return [...bySequence.values()].sort((a, b) => b.sequence - a.sequence).slice(0, maxActivities);
}
