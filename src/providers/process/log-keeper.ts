import { stat } from 'node:fs/promises';
import { errorCode } from '../../base/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { rotateLog } from './logs.ts';

const ROUND_MS = 1_000;
/** Of the quiet logs so many are measured in each round; those that grow fast in every one. */
const QUIET_LOGS_A_ROUND = 500;
/** One that has grown by more than this share of its bound since it was measured last grows fast. */
const FAST_SHARE = 0.01;

export interface KeptLog {
  readonly path: string;
  readonly maxBytes: number;
}

/**
 * Keeps the logs of running servers within their bounds, beside everything else: nobody waits for it. It measures them once a second
 * as long as there are any; with thousands of them, at quiet ones less often.
 */
export class LogKeeper {
  readonly #clock: Clock;
  readonly #onProblem: (message: string) => void;
  readonly #closed: AbortSignal;
  #logs: ReadonlyMap<string, KeptLog> = new Map();
  /** Sizes as last seen. */
  readonly #sizes = new Map<string, number>();
  readonly #fast = new Set<string>();
  /** Those that could not be rotated: told once, until it has succeeded. */
  readonly #failing = new Set<string>();
  #nextQuiet = 0;
  #isRunning = false;

  constructor(clock: Clock, onProblem: (message: string) => void, closed: AbortSignal) {
    this.#clock = clock;
    this.#onProblem = onProblem;
    this.#closed = closed;
  }

  /** All logs that there are, by instance id. */
  keep(logs: ReadonlyMap<string, KeptLog>): void {
    this.#logs = logs;
    if (logs.size > 0 && !this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#logs.size > 0 && !this.#closed.aborted) {
      await this.#round();
      await this.#clock.sleep(ROUND_MS, this.#closed);
    }
    this.#isRunning = false;
  }

  async #round(): Promise<void> {
    for (const known of [this.#sizes, this.#fast, this.#failing]) {
      for (const id of known.keys()) if (!this.#logs.has(id)) known.delete(id);
    }
    const ids = [...this.#logs.keys()];
    const from = this.#nextQuiet < ids.length ? this.#nextQuiet : 0;
    const quiet = ids.slice(from, from + QUIET_LOGS_A_ROUND);
    this.#nextQuiet = from + quiet.length;
    for (const id of new Set([...this.#fast, ...quiet])) await this.#bound(id);
  }

  async #bound(id: string): Promise<void> {
    const log = this.#logs.get(id);
    if (log === undefined) return;
    const { path, maxBytes } = log;
    try {
      const { size } = await stat(path);
      const grown = size - (this.#sizes.get(id) ?? size);
      if (grown > FAST_SHARE * maxBytes || size > maxBytes) this.#fast.add(id);
      else this.#fast.delete(id);
      this.#sizes.set(id, size);
      if (size <= maxBytes) return;
      await rotateLog(path, maxBytes);
      this.#sizes.set(id, 0);
      this.#failing.delete(id);
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || this.#failing.has(id)) return;
      this.#failing.add(id);
      const why = error instanceof Error ? error.message : String(error);
      this.#onProblem(`The log ${path} could not be rotated, it is tried again: ${why}`);
    }
  }
}
