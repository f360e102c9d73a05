import { reasonOf } from '../../base/quoted.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import { Endings } from '../endings.ts';
import type { Ending } from './ending.ts';

/** Azure keeps a network interface for a machine that it has refused for three minutes. */
const RETRY_MS = 20_000;
const MAX_TRIES = 30;

/** Whether Azure keeps a network interface for a machine that there is not. */
export function isReserved(error: unknown): boolean {
  return error instanceof PortError && error.code === 'NicReservedForAnotherVm';
}

/**
 * What is left of launches that Azure has refused, and cannot be removed yet: a network interface, and its address. No machine is among it, so
 * nobody waits for its end. Should Drover end before, it is listed, and so terminated.
 */
export class Leftovers {
  readonly #ending: Ending;
  readonly #clock: Clock;
  readonly #onProblem: (message: string) => void;
  readonly #endings = new Endings();
  readonly #closed = new AbortController();

  constructor(ending: Ending, clock: Clock, onProblem: (message: string) => void) {
    this.#ending = ending;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** Whether what there is of a name is on its way out. */
  has(name: string): boolean {
    return this.#endings.has(name);
  }

  add(name: string): void {
    this.#endings.start(
      name,
      () => this.#remove(name),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#endings.settled();
  }

  async #remove(name: string): Promise<void> {
    const { signal } = this.#closed;
    let reason = '';
    for (let tries = 0; tries < MAX_TRIES && !signal.aborted; tries += 1) {
      await this.#clock.sleep(RETRY_MS, signal);
      try {
        return await this.#ending.removeAll(name, signal);
      } catch (error) {
        reason = reasonOf(error);
      }
    }
    if (!signal.aborted) this.#onProblem(`What is left of the launch of ${name} could not be removed: ${reason}`);
  }
}
