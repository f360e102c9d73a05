/**
 * What all workers together do. A reload leaves the old worker to finish what is open, and begins all counters anew in the next
 * one: neither may show in what is said of the traffic. Pure.
 */

import { NO_TRAFFIC, type Traffic } from '../model/observation.ts';
import type { Report, ServerReport } from './report.ts';
import type { ServerKey } from './servers.ts';

/** The traffic of one worker, by backend and by server. */
export interface WorkerTraffic {
  readonly pid: number;
  readonly backends: ReadonlyMap<string, Traffic>;
  readonly servers: ReadonlyMap<ServerKey, Traffic>;
}

/** What the workers of earlier configurations have reported. */
export interface OldWorkers {
  readonly workers: readonly WorkerTraffic[];
  /** Those that live and did not answer. */
  readonly silent: readonly number[];
  /** Why the answers are not all; null when they are. */
  readonly missing: string | null;
  /** Requests that were cut since the first observation, because the time for which old workers may go on was over. */
  readonly cutRequests: number;
}

export const NO_OLD_WORKERS: OldWorkers = { workers: [], silent: [], missing: null, cutRequests: 0 };

/** What one observation leaves for the next, so that counters never fall. */
export interface Accounts {
  /** The last word of each worker that was there. */
  readonly workers: ReadonlyMap<number, WorkerTraffic>;
  /** Counted by workers that are gone, less what a worker had counted before it was known. */
  readonly past: Counts;
  /** The present worker's servers at the last observation, and what was made of them, while there is no other worker. */
  readonly alone: { readonly servers: Report['servers']; readonly totals: Report['servers'] } | null;
}

interface Counts {
  readonly backends: ReadonlyMap<string, Counted>;
  readonly servers: ReadonlyMap<ServerKey, Counted>;
}

type Gauge = 'openRequests' | 'queuedRequests' | 'responseTimeMs';
type Counted = Omit<Traffic, Gauge>;

export const NO_ACCOUNTS: Accounts = {
  workers: new Map(),
  past: { backends: new Map(), servers: new Map() },
  alone: null,
};

export interface Totals {
  /** The report with the traffic of all workers in place of its own. */
  readonly report: Report;
  /** Servers with open requests that only old workers still know. */
  readonly forgotten: ReadonlyMap<ServerKey, Traffic>;
  readonly accounts: Accounts;
}

/** Adds up what all workers say, and what those that are gone have said. */
export function total(report: Report, old: OldWorkers, before: Accounts): Totals {
  const alone = before.alone?.servers === report.servers ? before.alone : null;
  const current: WorkerTraffic = {
    pid: report.pid,
    backends: report.backends,
    servers:
      (alone === null ? undefined : before.workers.get(report.pid)?.servers) ??
      new Map([...report.servers].map(([key, { traffic }]) => [key, traffic])),
  };
  const silent = old.silent.flatMap((pid) => before.workers.get(pid) ?? []);
  const workers = new Map([current, ...old.workers, ...silent].map((worker) => [worker.pid, worker]));
  const gone = [...before.workers.values()].filter(({ pid }) => !workers.has(pid));
  // An old worker that shows up later than the first observation is counted from here on: its past would look like a burst.
  const late = before.workers.size === 0 ? [] : old.workers.filter(({ pid }) => !before.workers.has(pid));
  const isAsBefore = alone !== null && gone.length === 0 && late.length === 0;
  const past: Counts = {
    backends: carried(before.past.backends, report.backends, gone, late, ({ backends }) => backends),
    servers: isAsBefore
      ? before.past.servers
      : carried(before.past.servers, report.servers, gone, late, ({ servers }) => servers),
  };
  const accountsWith = (totals: Report['servers']): Accounts => ({
    workers,
    past,
    alone: workers.size === 1 ? { servers: report.servers, totals } : null,
  });
  if (workers.size === 1 && past.backends.size === 0)
    return { report, forgotten: new Map(), accounts: accountsWith(report.servers) };
  const others = [...workers.values()].filter((worker) => worker !== current);
  const sumOf = <Key extends string>(
    key: Key,
    of: (worker: WorkerTraffic) => ReadonlyMap<Key, Traffic>,
    then?: Counted,
  ) =>
    sum(
      [current, ...others].flatMap((worker) => {
        const now = of(worker).get(key);
        const known = before.workers.get(worker.pid);
        return now === undefined ? [] : [{ now, before: known === undefined ? undefined : of(known).get(key) }];
      }),
      then,
    );
  const backends = new Map(
    [...report.backends.keys()].map((name) => [name, sumOf(name, (one) => one.backends, past.backends.get(name))]),
  );
  const servers =
    isAsBefore && workers.size === 1
      ? alone.totals
      : new Map<ServerKey, ServerReport>(
          [...report.servers].map(([key, server]) => [
            key,
            { ...server, traffic: sumOf(key, (one) => one.servers, past.servers.get(key)) },
          ]),
        );
  return {
    report: { ...report, backends, servers },
    forgotten: forgotten(report, old.workers),
    accounts: accountsWith(servers),
  };
}

/** Servers with open requests. */
export function openServers(workers: readonly WorkerTraffic[]): ReadonlySet<ServerKey> {
  return new Set(
    workers.flatMap(({ servers }) =>
      [...servers].filter(([, { openRequests }]) => openRequests > 0).map(([key]) => key),
    ),
  );
}

export function openRequests(workers: readonly WorkerTraffic[]): number {
  return workers.reduce(
    (sum, { backends }) => [...backends.values()].reduce((open, one) => open + one.openRequests, sum),
    0,
  );
}

function forgotten(report: Report, workers: readonly WorkerTraffic[]): ReadonlyMap<ServerKey, Traffic> {
  const found = new Map<ServerKey, Traffic>();
  for (const worker of workers) {
    for (const [key, traffic] of worker.servers) {
      if (traffic.openRequests === 0 || report.servers.has(key)) continue;
      const openRequests = traffic.openRequests + (found.get(key)?.openRequests ?? 0);
      found.set(key, { ...traffic, openRequests });
    }
  }
  return found;
}

/** Only of what is still there: a server's name never comes back. */
function carried(
  past: ReadonlyMap<string, Counted>,
  present: ReadonlyMap<string, unknown>,
  gone: readonly WorkerTraffic[],
  late: readonly WorkerTraffic[],
  of: (worker: WorkerTraffic) => ReadonlyMap<string, Traffic>,
): ReadonlyMap<string, Counted> {
  if (gone.length === 0 && late.length === 0 && past.size === 0) return past;
  const counts = new Map<string, Counted>();
  const add = (name: string, counted: Counted | undefined, sign: 1 | -1 = 1): void => {
    if (counted !== undefined) counts.set(name, plus(counts.get(name) ?? NO_TRAFFIC, counted, sign));
  };
  for (const name of present.keys()) {
    add(name, past.get(name));
    for (const worker of gone) add(name, of(worker).get(name));
    for (const worker of late) add(name, of(worker).get(name), -1);
  }
  return counts;
}

interface Part {
  readonly now: Traffic;
  /** The same worker's word in the last observation. */
  readonly before?: Traffic | undefined;
}

function sum(parts: readonly Part[], past: Counted | undefined = undefined): Traffic {
  const all = parts.map(({ now }) => now);
  return {
    ...[...all, ...(past === undefined ? [] : [past])].reduce<Counted>((total, one) => plus(total, one), NO_TRAFFIC),
    openRequests: all.reduce((open, one) => open + one.openRequests, 0),
    queuedRequests: all.reduce((queued, one) => queued + one.queuedRequests, 0),
    responseTimeMs: meanOf(parts),
  };
}

/** Each worker's own mean counts as often as it has answered since the last observation; that of an idle one is of long ago. */
function meanOf(parts: readonly Part[]): number {
  const answered = parts.map(({ now, before }) => Math.max(0, now.responsesTotal - (before?.responsesTotal ?? 0)));
  const requests = answered.reduce((sum, count) => sum + count, 0);
  if (requests === 0) return parts.find(({ now }) => now.responsesTotal > 0)?.now.responseTimeMs ?? 0;
  return parts.reduce((sum, { now }, index) => sum + now.responseTimeMs * (answered[index] ?? 0), 0) / requests;
}

function plus(a: Counted, b: Counted, sign: 1 | -1 = 1): Counted {
  return {
    requestsTotal: a.requestsTotal + sign * b.requestsTotal,
    responsesTotal: a.responsesTotal + sign * b.responsesTotal,
    errors5xxTotal: a.errors5xxTotal + sign * b.errors5xxTotal,
    connectionErrorsTotal: a.connectionErrorsTotal + sign * b.connectionErrorsTotal,
    responseErrorsTotal: a.responseErrorsTotal + sign * b.responseErrorsTotal,
    retriesTotal: a.retriesTotal + sign * b.retriesTotal,
  };
}
