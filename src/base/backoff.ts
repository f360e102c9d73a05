/**
 * How long to wait after failures in a row. The packages for this (p-retry, exponential-backoff) take their time from the host's timers and
 * their chance from the host; here both are passed in.
 */

export interface BackoffLimits {
  /** After the first failure. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** A wait is shorter by up to this share, so that those who fail together do not come back together. */
const JITTER_SHARE = 0.1;
/** 2 to this power is more than any of our limits. */
const MAX_DOUBLINGS = 30;

/**
 * The wait doubles from one failure to the next, up to the limit.
 * @param failures in a row, from 1
 * @param chance from 0 to 1
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffLimits, chance: number): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS));
  return Math.round(fullMs * (1 - JITTER_SHARE * chance));
}

/** A number from 0 to 1 that follows from a text of random bits (FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv). */
export function chanceOf(seed: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < seed.length; index += 1) hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/** The waits of one thing that may fail again and again. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #seed: () => string;
  #failures = 0;

  /** @param seed fresh random bits */
  constructor(limits: BackoffLimits, seed: () => string) {
    this.#limits = limits;
    this.#seed = seed;
  }

  /** It has failed: how long to wait before the next try. */
  next(): number {
    this.#failures += 1;
    return backoffMs(this.#failures, this.#limits, chanceOf(this.#seed()));
  }

  /** It has succeeded. */
  reset(): void {
    this.#failures = 0;
  }
}
