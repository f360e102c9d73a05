/** A reply about all servers, read with the help of the one before it. */

import { isDeepStrictEqual } from 'node:util';
import type { Traffic } from '../model/observation.ts';
import { PortError } from '../ports/errors.ts';
import { parseInfo } from './csv.ts';
import {
  type FrontendReport,
  frontendOf,
  keyOfState,
  number,
  type Report,
  type ServerReport,
  type ServerStatistics,
  serverOf,
  statisticsIn,
  TYPE,
  text,
  trafficOf,
} from './report.ts';
import { Rows, sameState, sameStatistics } from './rows.ts';
import { type ServerKey, serverKey } from './servers.ts';
import { type Kept, Table } from './table.ts';

/** Rows that are read, or compared, in one go, before others get their turn. */
const READ_IN_A_GO = 1_000;
const COMPARED_IN_A_GO = 4_000;

/** A report, and what the next one is compared with. */
export interface Reading {
  readonly report: Report;
  readonly states: Kept;
  /** Of the last reply about all servers. */
  readonly statistics: Statistics;
}

interface Statistics extends Kept {
  /** Null for what is no server. */
  readonly read: readonly (ServerStatistics | null)[];
}

/** @throws PortError `haproxyReply` when a part is missing: part of the truth is none */
export function parseReport(reply: string | Buffer): Report {
  const steps = reading(Buffer.from(reply), null);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value.report;
  }
}

/**
 * As `parseReport`, of a reply to `REPORT`, with a pause after some rows each. A server about which nothing is new since the reading before
 * is the very object that it was there, and so are all of them together.
 */
export function* reading(reply: Buffer, before: Reading | null): Generator<undefined, Reading> {
  const { info, statistics: rows, states: stateRows } = sections(reply);
  const { frontends, backends, statistics } = yield* readStatistics(rows, before?.statistics ?? null);
  if (statistics.keys.length === 0) throw notWhole(reply);
  const statisticsOf = new Map(statistics.keys.map((key, place) => [key, statistics.read[place]]));
  const known = before?.report.servers ?? NO_SERVERS;
  const { seen, news } = yield* compare(before, stateRows);
  const isNews = new Set(news.map(({ key }) => key));
  const servers = new Map<ServerKey, ServerReport>();
  let isSame = seen.keys.length === known.size;
  for (const [place, key] of seen.keys.entries()) {
    if (place % READ_IN_A_GO === 0) yield;
    const now = statisticsOf.get(key);
    // Deleted between two of our commands.
    if (now === undefined || now === null) continue;
    const earlier = isNews.has(key) ? undefined : known.get(key);
    if (earlier !== undefined && isMadeOf(earlier, now)) {
      servers.set(key, earlier);
      continue;
    }
    isSame = false;
    const state = stateRows.goTo(seen.starts[place] ?? 0, seen.ends[place] ?? 0);
    if (state.split()) servers.set(key, serverOf(state, now));
  }
  const all = isSame && servers.size === known.size ? known : servers;
  return { report: { ...info, frontends, backends, servers: all }, states: seen, statistics };
}

const NO_SERVERS: Report['servers'] = new Map();

function isMadeOf(server: ServerReport, { status, check, traffic }: ServerStatistics): boolean {
  return server.status === status && server.check === check && server.traffic === traffic;
}

interface Reported {
  readonly frontends: readonly FrontendReport[];
  readonly backends: ReadonlyMap<string, Traffic>;
  readonly statistics: Statistics;
}

/** Most servers' rows say what they said before, but for the time that has gone by: of those nothing is read. */
function* readStatistics(rows: Rows, before: Statistics | null): Generator<undefined, Reported> {
  const frontends: FrontendReport[] = [];
  const backends = new Map<string, Traffic>();
  const read: (ServerStatistics | null)[] = [];
  const isRead = rows.placesOf(STATISTICS_COLUMNS);
  const known = before?.rows.header === rows.header ? before : null;
  const table = new Table(known, rows, keyOfStatistics, (...both) => sameStatistics(isRead, ...both));
  for (let count = 1; rows.next(); count += 1) {
    if (count % READ_IN_A_GO === 0) yield;
    const met = table.meet();
    if (met === null) continue;
    table.keep(met.key);
    const earlier = known?.read[met.place] ?? null;
    if (met.isSame && earlier !== null) {
      read.push(earlier);
      continue;
    }
    if (met.isSame) rows.split();
    const type = text(rows, 'type');
    if (type === TYPE.frontend) frontends.push(frontendOf(rows));
    else if (type === TYPE.backend) backends.set(text(rows, 'pxname'), trafficOf(rows));
    const now = type === TYPE.server ? statisticsIn(rows) : null;
    // Where only that a check is under way is new, nothing is.
    read.push(isDeepStrictEqual(earlier, now) ? earlier : now);
  }
  return { frontends, backends, statistics: { ...table.kept, read } };
}

function keyOfStatistics(row: Rows): ServerKey {
  return serverKey(text(row, 'pxname'), text(row, 'svname'));
}

/** The columns in which a row has to be the same: by what is asked of one. */
const STATISTICS_COLUMNS: ReadonlySet<string> = (() => {
  const columns = new Set(['pxname', 'svname', 'type']);
  statisticsIn({
    get: (column) => {
      columns.add(column);
      return undefined;
    },
  });
  return columns;
})();

/** A server of which more has to be asked, and where its state is. */
export interface News {
  readonly key: ServerKey;
  readonly backend: string;
  readonly id: string;
  readonly start: number;
  readonly end: number;
}

export interface Comparison {
  readonly seen: Kept;
  readonly news: readonly News[];
}

/** The servers' states, and whose are not as they were. */
export function* compare(before: Reading | null, rows: Rows): Generator<undefined, Comparison> {
  const table = new Table(before?.states ?? null, rows, keyOfState, sameState);
  const news: News[] = [];
  for (let count = 1; rows.next(); count += 1) {
    if (count % COMPARED_IN_A_GO === 0) yield;
    const met = table.meet();
    if (met === null) continue;
    const { key, isSame } = met;
    table.keep(key);
    const earlier = isSame ? before?.report.servers.get(key) : undefined;
    if (earlier !== undefined && !isWatched(earlier)) continue;
    const { start, end } = rows;
    if (rows.split()) news.push({ key, backend: text(rows, 'be_name'), id: text(rows, 'srv_id'), start, end });
  }
  return { seen: table.kept, news };
}

/** Whose requests are waited for. */
function isWatched({ admin, traffic }: ServerReport): boolean {
  return admin === 'drain' || traffic.queuedRequests > 0;
}

/**
 * The parts of a reply to `show info`, `show stat` and `show servers state`, each of which ends with an empty line.
 * @throws PortError `haproxyReply`
 */
export function sections(reply: Buffer): Sections & { readonly states: Rows } {
  const { info, statistics, end } = firstSections(reply);
  const statesStart = skipNewlines(reply, end);
  const statesEnd = reply.indexOf('\n\n', statesStart);
  if (statesEnd < 0 || !reply.subarray(statesStart, statesStart + 4).equals(STATES_START)) throw notWhole(reply);
  return { info, statistics, end: statesEnd, states: Rows.table(reply, statesStart, statesEnd) };
}

export interface Sections {
  readonly info: Omit<Report, 'frontends' | 'backends' | 'servers'>;
  readonly statistics: Rows;
  /** Of the last of them, in the reply. */
  readonly end: number;
}

/**
 * The parts of a reply to `show info` and `show stat`, whatever follows.
 * @throws PortError `haproxyReply`
 */
export function firstSections(reply: Buffer): Sections {
  const infoEnd = reply.indexOf('\n\n');
  const start = skipNewlines(reply, infoEnd);
  const end = reply.indexOf('\n\n', start);
  const isWhole = infoEnd >= 0 && end >= 0 && reply.subarray(-2).toString() === '\n\n';
  const info = parseInfo(reply.toString('utf8', 0, Math.max(0, infoEnd)));
  const pid = number(info, 'Pid');
  if (!isWhole || pid === 0) throw notWhole(reply);
  return {
    info: {
      pid,
      version: text(info, 'Version'),
      stopping: text(info, 'Stopping') !== '0',
      maxConnections: number(info, 'Maxconn'),
      fingerprint: text(info, 'description'),
    },
    statistics: Rows.csv(reply, start, end),
    end,
  };
}

const NEWLINE = 0x0a;
const STATES_START = Buffer.from('1\n# ');

function skipNewlines(bytes: Buffer, from: number): number {
  let at = Math.max(0, from);
  while (bytes[at] === NEWLINE) at += 1;
  return at;
}

export function notWhole(reply: Buffer): PortError {
  const excerpt = JSON.stringify(reply.toString('utf8', 0, 200));
  return new PortError('Transient', 'haproxyReply', `HAProxy's answer is not whole: ${excerpt}`);
}
