import { type ProcessIdentity, type ProcessStat, readProcess, readStats } from '../../base/procfs.ts';
import { type ListeningSocket, listeningSockets, socketsOf } from '../../base/sockets.ts';
import type { Clock } from '../../ports/clock.ts';
import { findTagged, HOST, usersOf } from './tags.ts';

/** The addresses that a listener for `HOST` may have. */
const REACHED = [HOST, '0.0.0.0', '::'];

/** While servers boot: so long at most one that listens waits to be known. */
const BOOTING_INTERVAL_MS = 20;
const INTERVAL_MS = 2_000;
/** A server that has not listened for so long is examined as seldom as the others. */
const BOOTING_MAX_MS = 600_000;
/** Of the time, at most this share goes into examining. */
const MAX_SHARE = 0.05;
/** How many servers' sockets are searched for in one round. */
const CHECKED_A_ROUND = 100;

export interface GuardedServer {
  readonly port: number;
  readonly process: ProcessIdentity;
  /** Of the user that it runs as; null for Drover's own. */
  readonly userId: number | null;
}

interface Guarded extends GuardedServer {
  readonly sinceMs: number;
  /** The sockets that were found to be its own, in one text; null before it listens. */
  own: string | null;
  /** Another program that listens in its place, in words; null for none. */
  other: string | null;
}

/**
 * Sees to it that what answers on a server's port is the server: one of its processes holds the socket. Another program that has
 * taken the port, while the server booted or had let go of it, would pass for it and get its requests. So nobody is told of a port
 * before the socket there was found to be the server's own.
 *
 * It reads the host's listening sockets, all at once, and at a server's processes only when the socket on its port has changed.
 */
export class PortGuard {
  readonly #clock: Clock;
  readonly #closed: AbortSignal;
  readonly #onNews: () => void;
  readonly #servers = new Map<string, Guarded>();
  #wake = new AbortController();
  #isRunning = false;

  /** @param onNews a server listens, or another program does in its place */
  constructor(clock: Clock, closed: AbortSignal, onNews: () => void) {
    this.#clock = clock;
    this.#closed = closed;
    this.#onNews = onNews;
  }

  guard(instanceId: string, { port, process, userId }: GuardedServer): void {
    if (this.#servers.has(instanceId)) return;
    const sinceMs = this.#clock.steadyMs();
    this.#servers.set(instanceId, { port, process, userId, sinceMs, own: null, other: null });
    this.#wake.abort();
    if (!this.#isRunning) void this.#run();
  }

  forget(instanceId: string): void {
    this.#servers.delete(instanceId);
  }

  /** Who listens on the server's port instead of it, in words; null when nobody is known to. */
  otherHolderOf(instanceId: string): string | null {
    return this.#servers.get(instanceId)?.other ?? null;
  }

  /** Whether the server was found to listen on its port. */
  isProven(instanceId: string): boolean {
    const server = this.#servers.get(instanceId);
    return server !== undefined && server.own !== null && server.other === null;
  }

  /** Examines them now, where there are servers that were not found to listen yet. */
  async check(): Promise<void> {
    if (this.#someBoot()) await this.#round();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#servers.size > 0 && !this.#closed.aborted) {
      this.#wake = new AbortController();
      const before = this.#clock.steadyMs();
      await this.#round();
      const tookMs = this.#clock.steadyMs() - before;
      const pauseMs = Math.max(this.#someBoot() ? BOOTING_INTERVAL_MS : INTERVAL_MS, tookMs / MAX_SHARE);
      await this.#clock.sleep(pauseMs, AbortSignal.any([this.#closed, this.#wake.signal]));
    }
    this.#isRunning = false;
  }

  #someBoot(): boolean {
    const now = this.#clock.steadyMs();
    return [...this.#servers.values()].some(
      ({ own, other, sinceMs }) => own === null && other === null && now - sinceMs < BOOTING_MAX_MS,
    );
  }

  async #round(): Promise<void> {
    const listeners = listenersOn(new Set([...this.#servers.values()].map(({ port }) => port)));
    const changed = [...this.#servers].filter(([, server]) => {
      const there = inWords(listeners.get(server.port));
      return there !== '' && there !== server.own && server.other === null;
    });
    // Read once for all of them, and only where the process that was spawned does not explain it.
    let stats: readonly ProcessStat[] | null = null;
    let isNews = false;
    for (const [instanceId, server] of changed.slice(0, CHECKED_A_ROUND)) {
      const there = listeners.get(server.port) ?? [];
      const isMain = there.every(({ inode }) => socketsOf(server.process.pid)?.has(inode) === true);
      stats = isMain ? stats : (stats ?? readStats());
      const other = isMain ? null : await otherHolder(there, instanceId, server, stats ?? []);
      isNews ||= other !== null || server.own === null;
      server.other = other;
      if (other === null) server.own = inWords(there);
    }
    if (isNews) this.#onNews();
  }
}

/** By port, the sockets that a connection to 127.0.0.1 reaches: those of that very address, else those of all addresses. */
function listenersOn(ports: ReadonlySet<number>): ReadonlyMap<number, readonly ListeningSocket[]> {
  const sockets = listeningSockets((port) => ports.has(port)).filter(({ address }) => REACHED.includes(address));
  return new Map(
    [...Map.groupBy(sockets, ({ port }) => port)].map(([port, there]) => {
      const exact = there.filter(({ address }) => address === HOST);
      return [port, exact.length > 0 ? exact : there];
    }),
  );
}

function inWords(listeners: readonly ListeningSocket[] = []): string {
  return listeners.map(({ inode }) => inode).join();
}

/** The first process, in words, that holds a socket and is none of the server: of its session, its children, or with its instance id. */
async function otherHolder(
  listeners: readonly ListeningSocket[],
  instanceId: string,
  server: GuardedServer,
  stats: readonly ProcessStat[],
): Promise<string | null> {
  const family = familyOf(server.process, stats);
  const sockets = family.map(({ pid }) => socketsOf(pid));
  const foreign = listeners.filter(({ inode }) => !sockets.some((own) => own?.has(inode)));
  for (const { inode, userId } of foreign) {
    const holder = stats.find(({ pid }) => socketsOf(pid)?.has(inode));
    // What may not be seen of the server's own processes is not held against it, where nobody else can be seen to hold the socket.
    if (holder === undefined && sockets.includes(null)) continue;
    if (holder === undefined) return `a process of the user with id ${userId}`;
    const tagged = await findTagged((tags) => tags.instanceId === instanceId, usersOf(server), [holder]);
    if (tagged.length === 0) return `${nameOf(holder.pid)} (pid ${holder.pid})`;
  }
  return null;
}

function familyOf(leader: ProcessIdentity, stats: readonly ProcessStat[]): readonly ProcessStat[] {
  const family = new Set([leader.pid]);
  // Parents have lower numbers than their children, but for those that began anew: as often as it finds more.
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent, session } of stats) {
      if (session === leader.pid || family.has(parent)) family.add(pid);
    }
  }
  return stats.filter(({ pid }) => family.has(pid));
}

function nameOf(pid: number): string {
  return readProcess(pid, 'comm')?.trim() ?? 'a process';
}
