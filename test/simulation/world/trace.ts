import { createHash } from 'node:crypto';
import type { VirtualClock } from './virtual-clock.ts';

const HASHED_AT_ONCE = 8_192;

/** The story of one run: what happened when, the last of it kept, all of it in the digest. */
export class Trace {
  readonly #clock: VirtualClock;
  readonly #hash = createHash('sha256');
  #unhashed = '';
  readonly #kept: string[] = [];
  readonly #keptLines: number;
  readonly #onLine: ((line: string) => void) | null;

  constructor(clock: VirtualClock, options: { keptLines: number; onLine?: (line: string) => void }) {
    this.#clock = clock;
    this.#keptLines = options.keptLines;
    this.#onLine = options.onLine ?? null;
  }

  note(who: string, what: string): void {
    const line = `${formatElapsed(this.#clock.elapsedMs)} ${who.padEnd(10)} ${what}`;
    this.#unhashed += `${line}\n`;
    if (this.#unhashed.length > HASHED_AT_ONCE) this.#hashRest();
    this.#kept.push(line);
    if (this.#kept.length > 2 * this.#keptLines) this.#kept.splice(0, this.#keptLines);
    this.#onLine?.(line);
  }

  /** The newest lines, oldest first. */
  get lines(): readonly string[] {
    return this.#kept.slice(-this.#keptLines);
  }

  /** Two runs with the same digest told the same story. */
  digest(): string {
    this.#hashRest();
    return this.#hash.copy().digest('hex');
  }

  #hashRest(): void {
    this.#hash.update(this.#unhashed);
    this.#unhashed = '';
  }
}

/** `04:07.250`: minutes, seconds and milliseconds since the start. */
function formatElapsed(elapsedMs: number): string {
  const ms = Math.round(elapsedMs);
  const minutes = String(Math.floor(ms / 60_000)).padStart(2, '0');
  const seconds = String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0');
  return `${minutes}:${seconds}.${String(ms % 1000).padStart(3, '0')}`;
}
