const HOUR_MS = 3_600_000;

/** The rate limit of a project: so many requests, which come in again evenly over an hour. */
export class RequestRate {
  limit = 3_600;
  #left = 3_600;
  #atMs = performance.now();

  /** Sets how many are left. */
  leave(left: number): void {
    this.#fill();
    this.#left = left;
  }

  /** Whether there was one left. */
  take(): boolean {
    this.#fill();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  headers(): Record<string, string> {
    this.#fill();
    const fullInS = Math.ceil(((this.limit - this.#left) * HOUR_MS) / this.limit / 1_000);
    return {
      'RateLimit-Limit': String(this.limit),
      'RateLimit-Remaining': String(Math.floor(this.#left)),
      'RateLimit-Reset': String(Math.floor(Date.now() / 1_000) + fullInS),
    };
  }

  #fill(): void {
    const nowMs = performance.now();
    this.#left = Math.min(this.limit, this.#left + ((nowMs - this.#atMs) * this.limit) / HOUR_MS);
    this.#atMs = nowMs;
  }
}
