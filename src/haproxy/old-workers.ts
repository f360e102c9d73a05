/** Workers of earlier configurations: they finish what was open at a reload, and take no orders but to end a session. */

import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError, isDefect, PortError } from '../ports/errors.ts';
import type { Words } from './encoder.ts';
import { askOldWorker, showProcesses } from './master.ts';
import { BACKEND_TRAFFIC, parseTraffic, TRAFFIC } from './report.ts';
import type { ServerKey } from './servers.ts';
import { serverKey } from './servers.ts';
import { type OldWorkers, openRequests, type WorkerTraffic } from './totals.ts';

/** Short, so that a hung one does not make every observation late. */
const ANSWER_TIMEOUT_MS = 1_000;
/** One that did not answer is not asked again for so long at least. */
const SILENCE_MS = 5_000;
/** Observations are so far apart that a worker may have become old, and have ended, so much earlier than it seems. */
const OBSERVATIONS_APART_MS = 2_500;
const SESSIONS_PER_LINE = 100;

interface Known {
  /** The reply that gave `traffic` last, less what changes from observation to observation. */
  readonly digest: string;
  readonly traffic: WorkerTraffic;
  /** When it was first seen as an old one, by the steady clock. */
  readonly sinceMs: number;
}

export class OldWorkersRuntime {
  readonly #masterSocket: string;
  readonly #clock: Clock;
  #known = new Map<number, Known>();
  #cutRequests = 0;
  /** By pid, 0 for the master; by the steady clock. */
  readonly #silentUntilMs = new Map<number, number>();
  /** Since when each has not answered, likewise. */
  readonly #silentSinceMs = new Map<number, number>();

  constructor(masterSocket: string, clock: Clock) {
    this.#masterSocket = masterSocket;
    this.#clock = clock;
  }

  /**
   * Asks all of them. Never rejects for an answer that is missing: it says so.
   * @param hardStopAfterMs how long an old worker may go on
   */
  async observe(hardStopAfterMs: number, signal: AbortSignal): Promise<OldWorkers> {
    const pids = await this.#patiently(MASTER, signal, async (both) => {
      return (await showProcesses(this.#masterSocket, this.#clock, both)).oldWorkers.map(({ pid }) => pid);
    });
    if (pids.kind === 'silent') {
      return {
        workers: [],
        cutRequests: this.#cutRequests,
        silent: [...this.#known.keys()],
        missing: `the master process does not answer (${pids.why})`,
      };
    }
    const answers = await Promise.all(
      pids.value.map(async (pid) => ({
        pid,
        answer: await this.#patiently(pid, signal, (both) => this.#ask(pid, both)),
      })),
    );
    const known = new Map<number, Known>();
    const silent = answers.flatMap(({ pid, answer }) => {
      const last = answer.kind === 'silent' ? this.#known.get(pid) : answer.value;
      if (last !== undefined && last !== null) known.set(pid, last);
      return answer.kind === 'silent' ? [{ pid, why: answer.why }] : [];
    });
    for (const [pid, { traffic, sinceMs }] of this.#known) {
      const wasCut = !known.has(pid) && this.#clock.steadyMs() - sinceMs >= hardStopAfterMs - OBSERVATIONS_APART_MS;
      if (wasCut) this.#cutRequests += openRequests([traffic]);
    }
    this.#known = known;
    const isSilent = new Set(silent.map(({ pid }) => pid));
    return {
      workers: [...known.values()].map(({ traffic }) => traffic).filter(({ pid }) => !isSilent.has(pid)),
      silent: [...isSilent],
      cutRequests: this.#cutRequests,
      missing:
        silent.length === 0
          ? null
          : `of the workers that still finish requests, ${silent.map(({ pid, why }) => `pid ${pid} does not answer (${why})`).join(', ')}`,
    };
  }

  /** For how long the master has not answered. */
  get masterSilentMs(): number {
    return this.#silentMs(MASTER);
  }

  /** Old workers that have not answered for so long, though their master did. */
  silentFor(ms: number): readonly number[] {
    if (this.#silentMs(MASTER) > 0) return [];
    return [...this.#silentSinceMs.keys()].filter((pid) => this.#known.has(pid) && this.#silentMs(pid) >= ms);
  }

  /** Another master answers there from now on. */
  forgetMaster(): void {
    this.#silentSinceMs.clear();
    this.#silentUntilMs.clear();
  }

  /** Open requests of workers that have outlived so many reloads, as they were last seen. */
  async openAtTheLimit(reloads: number, signal: AbortSignal): Promise<number> {
    const { oldWorkers } = await showProcesses(this.#masterSocket, this.#clock, signal);
    const atTheLimit = oldWorkers.filter((worker) => worker.reloads >= reloads);
    return openRequests(atTheLimit.flatMap(({ pid }) => this.#known.get(pid)?.traffic ?? []));
  }

  /** Cuts their requests to these servers. An old worker refuses `shutdown sessions server`, so each is ended by its id. */
  async cut(keys: readonly ServerKey[], signal: AbortSignal): Promise<void> {
    const wanted = new Set(keys);
    const { oldWorkers } = await showProcesses(this.#masterSocket, this.#clock, signal);
    for (const { pid } of oldWorkers) {
      const reply = await this.#send(pid, [['show', 'sess']], signal);
      const sessions = sessionsOf(reply ?? '', wanted);
      for (let at = 0; at < sessions.length; at += SESSIONS_PER_LINE) {
        const line = sessions.slice(at, at + SESSIONS_PER_LINE);
        await this.#send(
          pid,
          line.map((id) => ['shutdown', 'session', id]),
          signal,
        );
      }
    }
  }

  /** Null when it has gone. What has not changed since it reported all is not asked for again. */
  async #ask(pid: number, signal: AbortSignal): Promise<Known | null> {
    const summary = await this.#send(pid, [BACKEND_TRAFFIC], signal);
    if (summary === null) return null;
    const digest = JSON.stringify([...parseTraffic(summary).backends]);
    const known = this.#known.get(pid);
    if (known?.digest === digest) return known;
    const reply = await this.#send(pid, [TRAFFIC], signal);
    if (reply === null) return null;
    if (!reply.endsWith('\n\n')) throw new PortError('Transient', 'haproxyReply', 'its answer is not whole');
    return { digest, sinceMs: known?.sinceMs ?? this.#clock.steadyMs(), traffic: { pid, ...parseTraffic(reply) } };
  }

  #silentMs(pid: number): number {
    const since = this.#silentSinceMs.get(pid);
    return since === undefined ? 0 : this.#clock.steadyMs() - since;
  }

  #send(pid: number, commands: readonly Words[], signal: AbortSignal): Promise<string | null> {
    return askOldWorker(this.#masterSocket, pid, commands, this.#clock, signal);
  }

  async #patiently<T>(
    pid: number,
    signal: AbortSignal,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly kind: 'answer'; readonly value: T } | { readonly kind: 'silent'; readonly why: string }> {
    const now = this.#clock.steadyMs();
    if (now < (this.#silentUntilMs.get(pid) ?? 0)) return { kind: 'silent', why: 'it did not when it was asked last' };
    try {
      const value = await withDeadline(this.#clock, ANSWER_TIMEOUT_MS, signal, ask);
      this.#silentUntilMs.delete(pid);
      this.#silentSinceMs.delete(pid);
      return { kind: 'answer', value };
    } catch (error) {
      signal.throwIfAborted();
      if (isDefect(error)) throw error;
      const failure = asPortError(error);
      if (failure.code === 'deadline') {
        if (!this.#silentSinceMs.has(pid)) this.#silentSinceMs.set(pid, now);
        // Each question stays with the master, which takes ten at a time: a hung worker gets fewer and fewer.
        const pauseMs = pid === MASTER ? SILENCE_MS : Math.max(SILENCE_MS, this.#silentMs(pid));
        this.#silentUntilMs.set(pid, this.#clock.steadyMs() + pauseMs);
      }
      return { kind: 'silent', why: failure.message };
    }
  }
}

/** Stands for the master among the pids. */
const MASTER = 0;

/** The ids of the sessions with one of these servers, of a reply to `show sess`. */
function sessionsOf(reply: string, servers: ReadonlySet<ServerKey>): readonly string[] {
  return [...reply.matchAll(/^(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) /gm)].flatMap(
    ([, id = '', backend = '', name = '']) => (servers.has(serverKey(backend, name)) ? [id] : []),
  );
}
