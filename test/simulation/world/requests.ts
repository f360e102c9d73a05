import type { Random } from './random.ts';

/**
 * The open requests of one server: a steady few while it is routed to; once no new ones come, each of them ends at a time of
 * its own. Beside them those of which somebody wants to know what becomes of them.
 */
export class OpenRequests {
  readonly #random: Random;
  /** How many are open at once while they come, from and to. */
  readonly #flow: readonly [number, number];
  readonly #held = new Set<symbol>();
  #flowing = 0;
  #ends: number[] = [];
  #total = 0;
  #failed = 0;
  #judged = 0;
  #flowingSince = 0;

  constructor(random: Random, flow: readonly [number, number]) {
    this.#random = random;
    this.#flow = flow;
  }

  /** New requests come from now on. */
  flow(nowMs: number): void {
    if (this.#flowing > 0) return;
    this.#flowing = this.#random.int(...this.#flow);
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

  /** One that stays open until the function that is returned answers it: false when it has been broken off before. */
  hold(): () => boolean {
    const request = Symbol();
    this.#held.add(request);
    return () => {
      const answered = this.#held.delete(request);
      if (answered) this.#total += 1;
      return answered;
    };
  }

  /** All of them break off. Returns how many there were. */
  cut(nowMs: number): number {
    const open = this.open(nowMs);
    this.#count(nowMs);
    this.#flowing = 0;
    this.#ends = [];
    this.#held.clear();
    return open;
  }

  open(nowMs: number): number {
    let open = this.#flowing + this.#held.size;
    for (const end of this.#ends) if (end > nowMs) open++;
    return open;
  }

  /** Since the server became a member. */
  total(nowMs: number): number {
    this.#count(nowMs);
    return this.#total;
  }

  /** Those of them that have failed; to be asked often, with whether they fail just now. */
  failed(nowMs: number, areFailing: boolean): number {
    const total = this.total(nowMs);
    if (areFailing) this.#failed += total - this.#judged;
    this.#judged = total;
    return this.#failed;
  }

  #count(nowMs: number): void {
    if (this.#flowing > 0) this.#total += Math.floor((nowMs - this.#flowingSince) / 100) * this.#flowing;
    this.#flowingSince = nowMs;
  }
}
