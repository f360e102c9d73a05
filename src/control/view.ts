import type { View } from '../decide/snapshot.ts';
import type { Failure } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { asFailure } from '../ports/errors.ts';
import { Stopwatch } from './stopwatch.ts';

/** What was seen last, for as long as it can be relied upon: one observation that failed, or is late, does not blind us. */
export class LastSeen<T> {
  readonly #clock: Clock;
  readonly #staleAfterMs: number;
  readonly #made: Stopwatch;
  #returned = false;
  #seen: { readonly value: T; readonly asked: Stopwatch } | null = null;
  #failure: Failure | null = null;

  constructor(clock: Clock, staleAfterMs: number) {
    this.#clock = clock;
    this.#staleAfterMs = staleAfterMs;
    this.#made = new Stopwatch(clock);
  }

  /** @param asked runs since it was asked for */
  saw(value: T, asked: Stopwatch): void {
    this.#returned = this.view().kind === 'blind';
    this.#seen = { value, asked };
    this.#failure = null;
  }

  failed(error: unknown): Failure {
    this.#returned = false;
    this.#failure = asFailure(error, this.#clock.now());
    return this.#failure;
  }

  /** Whether the newest observation ended a time in which nothing could be seen. */
  get hasReturned(): boolean {
    return this.#returned;
  }

  get value(): T | null {
    return this.#seen?.value ?? null;
  }

  /** Why the newest observation failed; null when it did not. */
  get failure(): Failure | null {
    return this.#failure;
  }

  view(): View<T> {
    const seen = this.#seen;
    if (seen !== null && seen.asked.ageMs <= this.#staleAfterMs) return { kind: 'seen', value: seen.value };
    return { kind: 'blind', since: (seen?.asked ?? this.#made).startedAt, failure: this.#failure ?? this.#late() };
  }

  /** How long until what is seen now is too old to be relied upon, unless it is seen anew; infinite while blind. */
  get staleInMs(): number {
    const leftMs = this.#seen === null ? -1 : this.#staleAfterMs - this.#seen.asked.ageMs;
    // The age at which it is stale is more than the limit, not equal to it.
    return leftMs < 0 ? Number.POSITIVE_INFINITY : leftMs + 1;
  }

  /** No observation has failed, but none has come back either. */
  #late(): Failure | null {
    if (this.#seen === null) return null;
    const message = `the last answer is more than ${this.#staleAfterMs / 1000} s old`;
    return { reaction: 'Transient', code: 'late', message, at: this.#clock.now(), retryAfterMs: null };
  }
}
