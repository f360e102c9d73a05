import { connect, type Socket } from 'node:net';
import type { CutBy } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { encode } from './encoder.ts';
import { CUT_MARK, EVENT_RING } from './render.ts';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const MAX_LINE_CHARS = 4_096;

/** What HAProxy logs when a check has changed a server's state; what we changed ourselves has no reason in it. */
const TRANSITION = /Server \S+ is (UP|DOWN)\b.*reason: /;

/** A request that did not end as it should, with HAProxy's termination state: who ended it, and in which phase. */
const CUT = new RegExp(`${CUT_MARK} (\\S\\S)$`);
/** A client or a server that was silent (`c`, `s`) in the middle of something; the queue; what the proxy itself refused. */
const CAUSES: readonly (readonly [RegExp, CutBy])[] = [
  [/^sQ/, 'queueTimeout'],
  [/^[cs][HDL]/, 'idleTimeout'],
  [/^PR/, 'requestHead'],
  [/^PH/, 'answerHead'],
];

/**
 * Listens to HAProxy's ring of events for as long as somebody wants to know, over reloads and restarts: the stream belongs to one
 * process, so that its end is news too. Health transitions are reported, requests that a limit has cut are counted.
 */
export class RingEvents {
  readonly #socketPath: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #cut: Record<CutBy, number> = { idleTimeout: 0, queueTimeout: 0, requestHead: 0, answerHead: 0 };
  #stop: AbortController | null = null;
  #socket: Socket | null = null;
  #isConnected = false;
  #transitions = 0;
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

  /** Since this was made; at least so many, because nobody listens while one process follows another. */
  get cutTotal(): Readonly<Record<CutBy, number>> {
    return { ...this.#cut };
  }

  /** How many changes of a server's health were heard of, and how often something may have been missed; null while nobody listens. */
  get transitions(): number | null {
    return this.#isConnected ? this.#transitions : null;
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
      this.#isConnected = true;
      this.#transitions += 1;
      socket.write(`${encode(['show', 'events', EVENT_RING, '-w', '-n'])}\n`);
      if (again) this.#notify();
    });
    let rest = '';
    socket.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop()?.slice(0, MAX_LINE_CHARS) ?? '';
      for (const line of lines) this.#count(line);
      if (!lines.some((line) => TRANSITION.test(line))) return;
      this.#transitions += 1;
      this.#notify();
    });
    await new Promise<void>((resolve) => {
      // An end without an error is one too; `close` follows either.
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
    this.#isConnected = false;
    signal.removeEventListener('abort', leave);
    return connected;
  }

  #count(line: string): void {
    const state = CUT.exec(line)?.[1];
    const cause = state === undefined ? undefined : CAUSES.find(([pattern]) => pattern.test(state))?.[1];
    if (cause !== undefined) this.#cut[cause] += 1;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
