/** Distinguishes an HAProxy that is hung (stopped, looping, stuck in a system call) from one that is only slow. */

import { once } from 'node:events';
import { connect } from 'node:net';
import type { Endpoint } from '../model/instance.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { isDefect } from '../ports/errors.ts';
import { authority } from './members.ts';

/** Without an answer on the socket for so long, the listeners are asked as well. */
export const SILENCE_MS = 10_000;
/** A process of an earlier configuration has no listeners that could be asked, and is given longer. */
export const OLD_WORKER_SILENCE_MS = 60_000;
/** Within this time, one answer of whatever kind, on whichever address, is a sign of life. */
const LAST_CHANCE_MS = 3_000;
/** HAProxy itself answers this with 400, without any server. */
const NO_REQUEST = 'DROVER\r\n\r\n';

export class HangWatch {
  readonly #clock: Clock;
  /** By the steady clock; null while it answers. */
  #silentSinceMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered(): void {
    this.#silentSinceMs = null;
  }

  /** @param askedMs when it was asked for what did not come, by the steady clock */
  silent(askedMs: number): void {
    this.#silentSinceMs ??= askedMs;
  }

  /**
   * Gives one that was silent a last chance.
   * @param isAnswering whether the socket answers now
   * @returns what was seen of one that is hung; null for one that may be slow
   */
  async examine(
    listeners: readonly Endpoint[],
    isAnswering: (signal: AbortSignal) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<string | null> {
    const since = this.#silentSinceMs;
    if (since === null || this.#clock.steadyMs() - since < SILENCE_MS) return null;
    const signs = [isAnswering, ...listeners.map((one) => (both: AbortSignal) => answers(one, both))];
    const alive = await Promise.all(
      signs.map((sign) =>
        withDeadline(this.#clock, LAST_CHANCE_MS, signal, sign).catch((error: unknown) => {
          signal.throwIfAborted();
          if (isDefect(error)) throw error;
          return false;
        }),
      ),
    );
    if (alive.includes(true)) return null;
    const seconds = Math.round((this.#clock.steadyMs() - since) / 1_000);
    const where = listeners.map((one) => authority(one)).join(' nor on ');
    this.#silentSinceMs = null;
    return `for ${seconds} s it has answered neither on its socket nor on ${where}`;
  }
}

/** Whether anything at all comes back from a listener. */
async function answers({ address, port }: Endpoint, signal: AbortSignal): Promise<boolean> {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  const socket = connect({ host, port, signal });
  try {
    socket.write(NO_REQUEST);
    await once(socket, 'data', { signal });
    return true;
  } finally {
    socket.destroy();
  }
}
