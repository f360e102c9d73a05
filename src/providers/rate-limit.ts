import { createHash } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';

/** So many calls at once, filled up again evenly over a period. */
export interface RateLimit {
  readonly calls: number;
  readonly perMs: number;
}

/** What the headers of an answer say of the limit; null where they say nothing. */
export interface Quota {
  readonly limit: number | null;
  readonly remaining: number | null;
}

/**
 * `change`: launches and terminations, and what they need; they may use up all there is. `list`: may wait, so that the others need not.
 */
export type CallKind = 'change' | 'list';

/** How long a call may wait for its turn before it is given back to the caller: less than any call's own deadline. */
const MAX_WAIT_MS: Readonly<Record<CallKind, number>> = { change: 5_000, list: 45_000 };
/** The share of the bucket that lists leave to the others. */
const KEPT_SHARE = 0.1;
/** Below this share lists are spread out, so that they use no more than half of what comes in. */
const LOW_SHARE = 0.5;
const LIST_SHARE_WHEN_LOW = 0.5;
/** How many calls come in again before the next one, where a refusal does not say how long to wait. */
const CALLS_AFTER_REFUSAL = 10;

/**
 * The calls that one credential has left, as its provider counts them. (The packages for this, bottleneck, limiter and p-throttle, take their
 * time from the host's timers, and none of them follows what answers say.)
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  #calls: number;
  #tokens: number;
  /** When `#tokens` was right, and when a list was let through, by the steady clock. */
  #countedAtMs: number;
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #refusedUntilMs = Number.NEGATIVE_INFINITY;
  #underWay = 0;

  constructor({ calls, perMs }: RateLimit, clock: Clock) {
    this.#clock = clock;
    this.#perMs = perMs;
    this.#calls = calls;
    this.#tokens = calls;
    this.#countedAtMs = clock.steadyMs();
  }

  /** How many calls are left now, and of how many. */
  get left(): { readonly calls: number; readonly of: number } {
    this.#fill();
    return { calls: Math.floor(this.#tokens), of: this.#calls };
  }

  /**
   * Makes one call, when there is one left for its kind.
   * @param onWait called with how long it has waited, where it had to
   * @throws PortError `RateLimited` for a change, `Transient` for a list, where that takes too long; what `run` throws
   */
  async call<T>(
    kind: CallKind,
    signal: AbortSignal,
    run: () => Promise<T>,
    onWait: (waitMs: number) => void = () => {},
  ): Promise<T> {
    const giveUpAtMs = this.#clock.steadyMs() + MAX_WAIT_MS[kind];
    for (let waitMs = this.#waitMs(kind); waitMs > 0; waitMs = this.#waitMs(kind)) {
      if (this.#clock.steadyMs() + waitMs > giveUpAtMs) throw usedUp(kind, waitMs);
      const fromMs = this.#clock.steadyMs();
      await this.#clock.sleep(waitMs, signal);
      onWait(this.#clock.steadyMs() - fromMs);
      signal.throwIfAborted();
    }
    this.#tokens -= 1;
    if (kind === 'list') this.#listedAtMs = this.#clock.steadyMs();
    this.#underWay += 1;
    try {
      return await run();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** The provider counts for itself, and also what others do with the credential. To be called while the call is under way. */
  learn({ limit, remaining }: Quota): void {
    this.#fill();
    if (limit !== null && limit > 0) this.#calls = limit;
    // The answer does not know of the other calls that are under way.
    if (remaining !== null) this.#tokens = Math.min(this.#calls, Math.max(0, remaining - (this.#underWay - 1)));
  }

  /**
   * The provider has refused a call because of its rate.
   * @param retryAfterMs null where it does not say how long to wait
   * @returns how long to wait
   */
  refused(retryAfterMs: number | null): number {
    const waitMs = retryAfterMs ?? Math.ceil(CALLS_AFTER_REFUSAL * this.#tokenMs);
    this.#fill();
    this.#tokens = 0;
    this.#refusedUntilMs = Math.max(this.#refusedUntilMs, this.#clock.steadyMs() + waitMs);
    return waitMs;
  }

  get #tokenMs(): number {
    return this.#perMs / this.#calls;
  }

  #fill(): void {
    const nowMs = this.#clock.steadyMs();
    this.#tokens = Math.min(this.#calls, this.#tokens + (nowMs - this.#countedAtMs) / this.#tokenMs);
    this.#countedAtMs = nowMs;
  }

  #waitMs(kind: CallKind): number {
    this.#fill();
    const nowMs = this.#clock.steadyMs();
    const kept = kind === 'list' ? this.#calls * KEPT_SHARE : 0;
    const forTokenMs = (kept + 1 - this.#tokens) * this.#tokenMs;
    const isLow = this.#tokens < this.#calls * LOW_SHARE;
    const forListMs = kind === 'list' && isLow ? this.#listedAtMs + this.#tokenMs / LIST_SHARE_WHEN_LOW - nowMs : 0;
    return Math.ceil(Math.max(0, forTokenMs, forListMs, this.#refusedUntilMs - nowMs));
  }
}

function usedUp(kind: CallKind, retryAfterMs: number): PortError {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  if (kind === 'change') {
    const message = `the calls that the credential's rate limit allows are used up; the next one is made in ${seconds} s`;
    return new PortError('RateLimited', 'rateLimit', message, { retryAfterMs });
  }
  const message = `few calls are left of the credential's rate limit, and they are kept for launches and terminations; machines are listed again in ${seconds} s`;
  return new PortError('Transient', 'listsWait', message, { retryAfterMs });
}

/** Of this process, because the provider counts the calls of a credential and not those of an instance. Keys are digests. */
const buckets = new WeakMap<Clock, Map<string, TokenBucket>>();

/** The bucket of a credential; all that use the same one in this process share it. */
export function bucketOf(credential: string, limit: RateLimit, clock: Clock): TokenBucket {
  const ofClock = buckets.get(clock) ?? new Map<string, TokenBucket>();
  buckets.set(clock, ofClock);
  const key = createHash('sha256').update(credential).digest('hex');
  const bucket = ofClock.get(key) ?? new TokenBucket(limit, clock);
  ofClock.set(key, bucket);
  return bucket;
}
