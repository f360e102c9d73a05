import { Backoff, type BackoffLimits } from '../base/backoff.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import { asPortError } from '../ports/errors.ts';
import type { Ids } from '../ports/ids.ts';
import { inWords, keyOf, type Step, subjectOf } from './reconcile.ts';
import { Wake } from './wake.ts';

/** What is left to do is worked out at least this often, whatever the events say. */
const SAFETY_MS = 60_000;
/** After a step that failed. */
const BACKOFF: BackoffLimits = { minMs: 1_000, maxMs: 30_000 };

export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  /** What is left until what runs equals what should. */
  readonly steps: () => readonly Step[];
  readonly perform: (step: Step, signal: AbortSignal) => Promise<void>;
  /** Resolves when it is recorded, or cannot be. */
  readonly report: (activity: Activity) => Promise<void>;
}

/** A step that has failed, and is tried again. */
export interface FailedStep {
  readonly step: Step;
  readonly message: string;
  readonly tries: number;
  readonly retryAt: EpochMs;
}

export function pendingInWords({ step, message }: FailedStep): string {
  return `${inWords(step)} is tried again: ${message}`;
}

interface Failure extends FailedStep {
  /** By the steady clock. */
  readonly retryMs: number;
  readonly backoff: Backoff;
}

/**
 * Brings what runs to what should, and keeps it so: each step that is left is performed beside the others, at most once at a time, and tried
 * again with backoff when it fails. It hinders no other one. Level-triggered: what is left is found anew from what is.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #wake: Wake;
  /** By what they are about. */
  readonly #performing = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, Failure>();
  #signal: AbortSignal = AbortSignal.abort();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** What has failed and is not done yet. */
  get failed(): readonly FailedStep[] {
    return [...this.#failures.values()];
  }

  /** What should be, or what is, is different now. */
  notify(): void {
    this.#wake.notify();
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake.notify(), { once: true });
    while (!signal.aborted) {
      this.#pass();
      const nowMs = this.#options.clock.steadyMs();
      const waits = [...this.#failures.values()]
        .filter(({ step }) => !this.#performing.has(subjectOf(step)))
        .map(({ retryMs }) => Math.max(0, retryMs - nowMs));
      await this.#wake.wait(Math.min(SAFETY_MS, ...waits));
    }
    await Promise.all(this.#performing.values());
  }

  /** Resolves when nothing is left to do, but for what has failed since: that is tried again later. */
  async attempted(): Promise<void> {
    for (const [key, failure] of this.#failures) this.#failures.set(key, { ...failure, retryMs: 0, tries: 0 });
    while (!this.#signal.aborted) {
      this.#pass();
      const left = this.#options.steps();
      if (left.every((step) => (this.#failures.get(keyOf(step))?.tries ?? 0) > 0)) return;
      await Promise.race(left.flatMap((step) => this.#performing.get(subjectOf(step)) ?? []));
    }
  }

  #pass(): void {
    const steps = this.#options.steps();
    const keys = new Set(steps.map(keyOf));
    for (const key of this.#failures.keys()) if (!keys.has(key)) this.#failures.delete(key);
    const nowMs = this.#options.clock.steadyMs();
    for (const step of steps) {
      const subject = subjectOf(step);
      if (this.#performing.has(subject) || (this.#failures.get(keyOf(step))?.retryMs ?? 0) > nowMs) continue;
      this.#performing.set(subject, this.#perform(step));
    }
  }

  async #perform(step: Step): Promise<void> {
    const key = keyOf(step);
    const signal = this.#signal;
    try {
      await this.#options.perform(step, signal);
      const before = this.#failures.get(key);
      this.#failures.delete(key);
      if (before !== undefined) await this.#report('reconciled', `${inWords(step)} has succeeded.`, 'info');
    } catch (error) {
      if (!signal.aborted) await this.#hasFailed(step, key, asPortError(error).message);
    } finally {
      this.#performing.delete(subjectOf(step));
      this.#wake.notify();
    }
  }

  /** Said once for each reason. */
  async #hasFailed(step: Step, key: string, message: string): Promise<void> {
    const { clock, ids } = this.#options;
    const before = this.#failures.get(key);
    const backoff = before?.backoff ?? new Backoff(BACKOFF, () => ids.seed());
    const waitMs = backoff.next();
    const retryMs = clock.steadyMs() + waitMs;
    const tries = (before?.tries ?? 0) + 1;
    this.#failures.set(key, { step, message, tries, retryAt: clock.now() + waitMs, retryMs, backoff });
    if (message === before?.message) return;
    await this.#report('reconcileFailed', `${inWords(step)} failed, and is tried again: ${message}`, 'error');
  }

  #report(reason: Activity['reason'], message: string, level: Activity['level']): Promise<void> {
    return this.#options.report({ ...PLAIN_ACTIVITY, at: this.#options.clock.now(), level, reason, message });
  }
}
