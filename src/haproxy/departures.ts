import type { Clock } from '../ports/clock.ts';
import { type Command, cut, remove } from './commands.ts';
import type { ServerKey } from './members.ts';

const ROUND_MS = 200;
/**
 * A server is deleted not sooner than 1.2 s after its last request was given to it: some versions of HAProxy crash when one
 * is deleted whose connections are just being put back.
 */
const ROUNDS_BEFORE_REMOVAL = 6;
/** 3 s: whoever is taken out without having been drained gets no longer for its open requests. */
const ROUNDS_BEFORE_CUT = 15;

/** Runs commands and returns HAProxy's reply to each; replies that were not expected are returned too. */
export type Execute = (commands: readonly Command[], signal: AbortSignal) => Promise<readonly string[]>;

/** Servers in maintenance that are deleted as soon as that is safe, in the background. Time is counted in rounds. */
export class Departures {
  readonly #clock: Clock;
  readonly #execute: Execute;
  readonly #rounds = new Map<ServerKey, number>();
  readonly #stop = new AbortController();
  #work: Promise<void> | null = null;

  constructor(clock: Clock, execute: Execute) {
    this.#clock = clock;
    this.#execute = execute;
  }

  /** Exactly these are leaving now; those known already go on where they are. */
  set(keys: readonly ServerKey[]): void {
    const wanted = new Set(keys);
    for (const key of this.#rounds.keys()) if (!wanted.has(key)) this.#rounds.delete(key);
    for (const key of keys) if (!this.#rounds.has(key)) this.#rounds.set(key, 0);
    if (this.#rounds.size > 0 && this.#work === null && !this.#stop.signal.aborted) {
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
    while (this.#rounds.size > 0) {
      await this.#clock.sleep(ROUND_MS, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      for (const [key, rounds] of this.#rounds) this.#rounds.set(key, rounds + 1);
      // HAProxy does not answer: the next look tells who is still there.
      await this.#round().catch(() => undefined);
    }
  }

  async #round(): Promise<void> {
    const overdue = this.#waitingFor(ROUNDS_BEFORE_CUT);
    if (overdue.length > 0) await this.#execute(overdue.map(cut), this.#stop.signal);
    const due = this.#waitingFor(ROUNDS_BEFORE_REMOVAL);
    if (due.length === 0) return;
    const commands = due.map(remove);
    const replies = await this.#execute(commands, this.#stop.signal);
    for (const [index, key] of due.entries()) {
      // Refused while connections are left: again in the next round.
      if (commands[index]?.expected.test(replies[index] ?? '')) this.#rounds.delete(key);
    }
  }

  #waitingFor(rounds: number): readonly ServerKey[] {
    return [...this.#rounds].filter(([, waited]) => waited >= rounds).map(([key]) => key);
  }
}
