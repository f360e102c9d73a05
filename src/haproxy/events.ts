import { connect, type Socket } from 'node:net';
import type { Clock } from '../ports/clock.ts';
import { encode } from './encoder.ts';
import { HEALTH_RING } from './render.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const MAX_LINE_CHARS = 4_096;

/** What HAProxy logs when a check has changed a server's state; what we changed ourselves has no reason in it. */
const TRANSITION = /Server \S+ is (UP|DOWN)\b.*reason: /;

/**
 * Listens to HAProxy's ring of health transitions for as long as somebody wants to know, over reloads and restarts: the
 * stream belongs to one process, so that its end is news too.
 */
export class HealthEvents {
  readonly #socketPath: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #stop: AbortController | null = null;
  #socket: Socket | null = null;
  /** Ends the wait for the next try. */
  #hurry = new AbortController();

  constructor(socketPath: string, clock: Clock) {
    this.#socketPath = socketPath;
    this.#clock = clock;
  }

  watch(onChange: () => void): () => void {
    // A function of its own, so that the same callback can be given twice.
    const listener = (): void => onChange();
    this.#listeners.add(listener);
    if (this.#stop === null) {
      this.#stop = new AbortController();
      void this.#follow(this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** Leaves the present process, which its listener would keep alive, for the one that the socket leads to now. */
  reconnect(): void {
    this.#socket?.destroy();
    this.#hurry.abort();
    this.#hurry = new AbortController();
  }

  close(): void {
    this.#listeners.clear();
    this.#stop?.abort();
    this.#stop = null;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    let again = false;
    while (!signal.aborted) {
      const connected = await this.#listen(again, signal);
      if (signal.aborted) return;
      if (connected) this.#notify();
      again = true;
      retryMs = connected ? FIRST_RETRY_MS : Math.min(retryMs * 2, LONGEST_RETRY_MS);
      await this.#clock.sleep(retryMs, AbortSignal.any([signal, this.#hurry.signal]));
    }
  }

  /**
   * Resolves when the stream has ended, with whether there was one.
   * @param again something may have happened while nobody listened
   */
  async #listen(again: boolean, signal: AbortSignal): Promise<boolean> {
    let connected = false;
    const socket = connect({ path: this.#socketPath }).setEncoding('utf8');
    const leave = (): void => void socket.destroy();
    signal.addEventListener('abort', leave);
    this.#socket = socket;
    socket.on('connect', () => {
      connected = true;
      socket.write(`${encode(['show', 'events', HEALTH_RING, '-w', '-n'])}\n`);
      if (again) this.#notify();
    });
    let rest = '';
    socket.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop()?.slice(0, MAX_LINE_CHARS) ?? '';
      if (lines.some((line) => TRANSITION.test(line))) this.#notify();
    });
    await new Promise<void>((resolve) => {
      // An end without an error is one too; `close` follows either.
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
    signal.removeEventListener('abort', leave);
    return connected;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
