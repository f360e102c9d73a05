import type { Clock } from '../ports/clock.ts';
import { isDefect } from '../ports/errors.ts';
import { type Command, cut, drain, maintain, remove } from './commands.ts';
import type { ServerKey } from './servers.ts';

const ROUND_MS = 200;
/**
 * A server is deleted not sooner than 1.2 s after its last request was given to it: some versions of HAProxy crash when one
 * is deleted whose connections are just being put back.
 */
const ROUNDS_BEFORE_REMOVAL = 6;
/** 3 s: whoever is taken out without having been drained gets no longer for its open requests. */
const ROUNDS_BEFORE_CUT = 15;

/** In rounds. */
interface Departure {
  readonly since: number;
  readonly inMaintenanceSince: number;
}

/** 1 s more for what was cut in a worker of an earlier configuration to be seen to have gone; then it is waited for no longer. */
const ROUNDS_BEFORE_FORGETTING = ROUNDS_BEFORE_CUT + 5;

/** HAProxy's workers, as far as a departure needs them. */
export interface Workers {
  /** Runs commands and returns the present worker's reply to each; replies that were not expected are returned too. */
  execute(commands: readonly Command[], signal: AbortSignal): Promise<readonly string[]>;
  /** Whether a worker of an earlier configuration still has a request open there. */
  isOpenElsewhere(key: ServerKey): boolean;
  /** Cuts those requests. */
  cutElsewhere(keys: readonly ServerKey[], signal: AbortSignal): Promise<void>;
}

/** Servers in maintenance that are deleted as soon as that is safe, in the background. Time is counted in rounds. */
export class Departures {
  readonly #clock: Clock;
  readonly #workers: Workers;
  readonly #leaving = new Map<ServerKey, Departure>();
  readonly #stop = new AbortController();
  #round = 0;
  #work: Promise<void> | null = null;
  #defect: { readonly error: unknown } | null = null;

  constructor(clock: Clock, workers: Workers) {
    this.#clock = clock;
    this.#workers = workers;
  }

  /** Exactly these are leaving now; those known already go on where they are. @throws the defect that has ended the work before */
  set(keys: readonly ServerKey[]): void {
    const defect = this.#defect;
    this.#defect = null;
    if (defect !== null) throw defect.error;
    const wanted = new Set(keys);
    for (const key of this.#leaving.keys()) if (!wanted.has(key)) this.#leaving.delete(key);
    const now = { since: this.#round, inMaintenanceSince: this.#round };
    for (const key of keys) if (!this.#leaving.has(key)) this.#leaving.set(key, now);
    if (this.#leaving.size > 0 && this.#work === null && !this.#stop.signal.aborted) {
      this.#work = this.#run().finally(() => {
        this.#work = null;
      });
    }
  }

  /** Lets go; who has not left by then is found again by the next controller. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    while (this.#leaving.size > 0) {
      await this.#clock.sleep(ROUND_MS, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      this.#round += 1;
      try {
        await this.#step();
      } catch (error) {
        // HAProxy does not answer: the next observation shows who is still there.
        if (!isDefect(error)) continue;
        this.#defect = { error };
        return;
      }
    }
  }

  async #step(): Promise<void> {
    const overdue = this.#keysOf(({ since }) => this.#round - since >= ROUNDS_BEFORE_CUT);
    if (overdue.length > 0) await this.#workers.execute(overdue.map(cut), this.#stop.signal);
    const elsewhere = overdue.filter((key) => this.#workers.isOpenElsewhere(key));
    if (elsewhere.length > 0) await this.#workers.cutElsewhere(elsewhere, this.#stop.signal);
    const due = this.#keysOf(
      ({ since, inMaintenanceSince }, key) =>
        this.#round - inMaintenanceSince >= ROUNDS_BEFORE_REMOVAL &&
        (this.#round - since >= ROUNDS_BEFORE_FORGETTING || !this.#workers.isOpenElsewhere(key)),
    );
    if (due.length === 0) return;
    const commands = due.map(remove);
    const replies = await this.#workers.execute(commands, this.#stop.signal);
    const refused = new Set(due.filter((_, index) => !commands[index]?.expected.test(replies[index] ?? '')));
    for (const key of due) if (!refused.has(key)) this.#leaving.delete(key);
    // Who was named again meanwhile is left alone.
    const again = [...refused].filter((key) => this.#leaving.has(key));
    if (again.length > 0) await this.#maintainAgain(again);
  }

  /**
   * Connections are left. Those of requests that were open when maintenance began have become idle since and would stay so
   * for long; entering maintenance closes idle ones, and by way of drain it can be entered again without new requests.
   */
  async #maintainAgain(keys: readonly ServerKey[]): Promise<void> {
    await this.#workers.execute(
      keys.flatMap((key) => [drain(key), maintain(key)]),
      this.#stop.signal,
    );
    for (const key of keys) {
      const departure = this.#leaving.get(key);
      if (departure !== undefined) this.#leaving.set(key, { ...departure, inMaintenanceSince: this.#round });
    }
  }

  #keysOf(isSo: (departure: Departure, key: ServerKey) => boolean): readonly ServerKey[] {
    return [...this.#leaving].filter(([key, departure]) => isSo(departure, key)).map(([key]) => key);
  }
}
