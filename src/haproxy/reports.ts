import type { Traffic } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { parseInfo } from './csv.ts';
import { inLines, type Words } from './encoder.ts';
import {
  type Comparison,
  compare,
  firstSections,
  type News,
  notWhole,
  type Reading,
  reading,
  type Sections,
  sections,
} from './reading.ts';
import { ReplyBuffer } from './reply-buffer.ts';
import {
  type FrontendReport,
  frontendOf,
  REPORT,
  type Report,
  type ServerReport,
  type ServerStatistics,
  serverOf,
  statisticsIn,
  text,
  trafficOf,
} from './report.ts';
import { Rows } from './rows.ts';
import { type ServerKey, serverKey } from './servers.ts';

/** Up to so many servers all is asked for at each observation: it costs next to nothing. */
const FEW_SERVERS = 200;
/** With more of them the counters of servers with which nothing happens are so old at most. */
const WHOLE_EVERY_MS = 5_000;
/** A server by itself costs as much as four of them in one answer: beyond this share all are asked for. */
const ONE_BY_ONE_SHARE = 0.2;
const FRONTENDS_AND_BACKENDS = '3';
const SERVERS = '4';
const TOTALS: readonly Words[] = [
  ['show', 'info'],
  ['show', 'stat', '-1', FRONTENDS_AND_BACKENDS, '-1'],
];
const CHANGES: readonly Words[] = [...TOTALS, ['show', 'servers', 'state']];

const SETTLED = ['UP', 'no check'];

/** Sends one line of commands to HAProxy and returns all that comes back, which may be part of the buffer. */
export type Ask = (commands: readonly Words[], signal: AbortSignal, into?: ReplyBuffer) => Promise<Buffer>;

/**
 * Counts what may have changed the state of a server: health transitions that HAProxy reports by itself, and our commands to it.
 * Null while nobody hears of such transitions.
 */
export type Heard = () => number | null;

/** A reading, and what the replies were read into that it is compared with. */
interface Known extends Reading {
  /** When the servers' states were asked for. */
  readonly heard: number | null;
  /** Whether no state is about to change without a word, and no statistics are waited for. */
  readonly isSettled: boolean;
  readonly statisticsIn: ReplyBuffer;
  readonly statesIn: ReplyBuffer;
}

/**
 * Observes a running HAProxy, time after time. The answer about ten thousand servers is 7 MB, of which nearly all is as it was a
 * second ago: so the servers' states are compared with the last observation, and only of those that have changed, or that are drained, the
 * statistics are asked for and read. While all servers are up and nothing was heard of since, not even the states are. Everything is asked
 * for now and then, and what is not as it was is read.
 */
export class Reports {
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #heard: Heard;
  #known: Known | null = null;
  #spareForAll: ReplyBuffer | null = null;
  #spareForChanges: ReplyBuffer | null = null;
  /** By the steady clock. */
  #wholeAtMs = 0;

  constructor(ask: Ask, clock: Clock, heard: Heard) {
    this.#ask = ask;
    this.#clock = clock;
    this.#heard = heard;
  }

  /** A server about which nothing is new is the very object that the last observation had, and so are all of them together. */
  async observe(signal: AbortSignal): Promise<Report> {
    const known = this.#known;
    this.#known = null;
    const isDue = this.#clock.steadyMs() - this.#wholeAtMs >= WHOLE_EVERY_MS;
    const asksAll = known === null || isDue || known.report.servers.size <= FEW_SERVERS;
    const heard = this.#heard();
    const isCalm = known?.isSettled === true && heard !== null && heard === known.heard;
    const seen = asksAll ? null : await (isCalm ? this.#totals(known, signal) : this.#changes(known, signal));
    const now = seen ?? (await this.#whole(known, signal));
    if (known !== null) this.#reuse(known, now);
    this.#known = now;
    return now.report;
  }

  /** Nobody else has what was known before this observation: what the new one does not go on with is free. */
  #reuse(known: Known, now: Known): void {
    if (known.statisticsIn !== now.statisticsIn) this.#spareForAll = known.statisticsIn;
    if (known.statesIn !== known.statisticsIn) this.#spareForChanges = known.statesIn;
  }

  async #whole(known: Known | null, signal: AbortSignal): Promise<Known> {
    const into = this.#spareForAll ?? new ReplyBuffer();
    this.#spareForAll = null;
    const askedAtMs = this.#clock.steadyMs();
    const heard = this.#heard();
    const reply = await this.#ask(REPORT, signal, into);
    const seen = await this.#inPieces(reading(reply, known));
    this.#wholeAtMs = askedAtMs;
    return { ...seen, heard, isSettled: isSettled(seen.report, known), statisticsIn: into, statesIn: into };
  }

  /** Null when it is another worker's. */
  async #totals(known: Known, signal: AbortSignal): Promise<Known | null> {
    const reply = await this.#ask(TOTALS, signal);
    const totals = totalsIn(firstSections(reply), known, reply);
    return totals === null ? null : { ...known, report: { ...known.report, ...totals } };
  }

  /** Null when there is so much news that the whole is cheaper, or when it is another worker's. */
  async #changes(known: Known, signal: AbortSignal): Promise<Known | null> {
    const into = this.#spareForChanges ?? new ReplyBuffer();
    this.#spareForChanges = null;
    const heard = this.#heard();
    const reply = await this.#ask(CHANGES, signal, into);
    const said = sections(reply);
    const totals = totalsIn(said, known, reply);
    if (totals === null) return null;
    const compared = await this.#inPieces(compare(known, said.states));
    if (compared.news.length > known.report.servers.size * ONE_BY_ONE_SHARE) return null;
    const isSame = compared.news.length === 0 && compared.seen.keys.length === known.states.keys.length;
    const servers = isSame ? known.report.servers : await this.#refreshed(known, compared, totals.pid, signal);
    const report = { ...totals, servers };
    return { ...known, report, states: compared.seen, statesIn: into, heard, isSettled: isSettled(report, known) };
  }

  async #refreshed(
    known: Reading,
    { seen, news }: Comparison,
    pid: number,
    signal: AbortSignal,
  ): Promise<Report['servers']> {
    const fresh = await this.#statisticsOf(news, pid, signal);
    const isNews = new Map(news.map((one) => [one.key, one]));
    const servers = new Map<ServerKey, ServerReport>();
    for (const key of seen.keys) {
      const one = isNews.get(key);
      if (one === undefined) {
        const before = known.report.servers.get(key);
        if (before !== undefined) servers.set(key, before);
        continue;
      }
      const statistics = fresh.get(one.key);
      // Deleted between two of our commands.
      if (statistics === undefined) continue;
      const state = seen.rows.goTo(one.start, one.end);
      if (state.split()) servers.set(key, serverOf(state, statistics));
    }
    return servers;
  }

  /** Each line of commands says which worker has answered it: after a reload it may be another one. */
  async #statisticsOf(
    news: readonly News[],
    pid: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ServerKey, ServerStatistics>> {
    const found = new Map<ServerKey, ServerStatistics>();
    const commands = news.map((one) => ({ words: ['show', 'stat', one.backend, SERVERS, one.id], one }));
    for (const line of inLines(commands)) {
      const reply = await this.#ask([['show', 'info'], ...line.map(({ words }) => words)], signal);
      readStatistics(reply, pid, found);
    }
    return found;
  }

  async #inPieces<T>(steps: Generator<undefined, T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      await this.#clock.sleep(0);
    }
  }
}

/** Of the process and its listeners and target groups, without the servers; null when it is another worker that has answered. */
function totalsIn({ info, statistics }: Sections, { report }: Known, reply: Buffer): Omit<Report, 'servers'> | null {
  if (info.pid !== report.pid || info.fingerprint !== report.fingerprint) return null;
  const frontends: FrontendReport[] = [];
  const backends = new Map<string, Traffic>();
  while (statistics.next()) {
    if (!statistics.split()) continue;
    if (text(statistics, 'svname') === 'FRONTEND') frontends.push(frontendOf(statistics));
    else backends.set(text(statistics, 'pxname'), trafficOf(statistics));
  }
  if (frontends.length + backends.size === 0) throw notWhole(reply);
  return { ...info, frontends, backends };
}

/** Of a server that is neither up nor a stand-in, what its checks find is no transition that HAProxy would report. */
function isSettled({ servers }: Report, known: Known | null): boolean {
  if (known?.report.servers === servers) return known.isSettled;
  for (const { admin, status, traffic } of servers.values()) {
    if (admin !== 'ready' || traffic.queuedRequests > 0 || !SETTLED.includes(status)) return false;
  }
  return true;
}

function readStatistics(reply: Buffer, pid: number, found: Map<ServerKey, ServerStatistics>): void {
  const infoEnd = reply.indexOf('\n\n');
  const info = parseInfo(reply.toString('utf8', 0, Math.max(0, infoEnd)));
  if (Number(info.get('Pid')) !== pid) throw notWhole(reply);
  // Each answer has its header, and they are all alike.
  const rows = Rows.csv(reply, reply.indexOf('#', infoEnd), reply.length);
  while (rows.next()) {
    if (rows.split()) found.set(serverKey(text(rows, 'pxname'), text(rows, 'svname')), statisticsIn(rows));
  }
}
