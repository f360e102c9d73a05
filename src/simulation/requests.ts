import type { Random } from './random.ts';

/**
 * The open requests of one server: a steady few while it is routed to; once no new ones come, each of them ends at a time of
 * its own.
 */
export class OpenRequests {
  readonly #random: Random;
  #flowing = 0;
  #ends: number[] = [];
  #total = 0;
  #flowingSince = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** New requests come from now on. */
  flow(nowMs: number): void {
    if (this.#flowing > 0) return;
    this.#flowing = this.#random.int(1, 4);
    this.#flowingSince = nowMs;
  }

  /** No new ones come. The open ones end by and by; now and then one would take longer than anybody waits. */
  ebb(nowMs: number, patienceMs: number): void {
    if (this.#flowing === 0) return;
    this.#ends = this.#ends.filter((end) => end > nowMs);
    for (let request = 0; request < this.#flowing; request++) {
      const longestMs = this.#random.chance(0.1) ? 3 * patienceMs : Math.min(2_000, patienceMs);
      this.#ends.push(nowMs + this.#random.int(1, Math.max(1, longestMs)));
    }
    this.#count(nowMs);
    this.#flowing = 0;
  }

  /** All of them break off. Returns how many there were. */
  cut(nowMs: number): number {
    const open = this.open(nowMs);
    this.#count(nowMs);
    this.#flowing = 0;
    this.#ends = [];
    return open;
  }

  open(nowMs: number): number {
    let open = this.#flowing;
    for (const end of this.#ends) if (end > nowMs) open++;
    return open;
  }

  /** Since the server became a member. */
  total(nowMs: number): number {
    this.#count(nowMs);
    return this.#total;
  }

  #count(nowMs: number): void {
    if (this.#flowing > 0) this.#total += Math.floor((nowMs - this.#flowingSince) / 100) * this.#flowing;
    this.#flowingSince = nowMs;
  }
}
