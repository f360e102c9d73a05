import { Serial } from '../base/serial.ts';
import type { Activity } from '../model/activity.ts';
import type { Clock } from '../ports/clock.ts';
import { asPortError } from '../ports/errors.ts';
import type { Store } from '../ports/store.ts';
import { Stopwatch } from './stopwatch.ts';

const RETRY_EVERY_MS = 1_000;
/** Of those that wait; later ones are given up, because the first ones say how it began. */
const MAX_WAITING = 100;

interface Waiting {
  readonly activity: Activity;
  readonly since: Stopwatch;
  /** Why it could not be recorded at first; null where it was not tried yet. */
  why: string | null;
}

interface LateActivitiesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onProblem: (message: string, error?: unknown) => void;
  /** Called after each commit of activities, whoever made it. */
  readonly onRecorded: () => void;
  readonly signal: AbortSignal;
}

/**
 * Activities about no group. One that cannot be recorded is no reason to stop: it waits, and is recorded as soon as the store can be
 * written, before whatever is decided then.
 */
export class LateActivities {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onProblem: (message: string, error?: unknown) => void;
  readonly #onRecorded: () => void;
  readonly #signal: AbortSignal;
  readonly #waiting: Waiting[] = [];
  readonly #turn = new Serial();
  #retrying = false;

  constructor({ store, clock, onProblem, onRecorded, signal }: LateActivitiesOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#onProblem = onProblem;
    this.#onRecorded = onRecorded;
    this.#signal = signal;
  }

  /** The store for all others: what waits is recorded before what they commit. */
  get store(): Store {
    const store = this.#store;
    return {
      load: () => store.load(),
      commit: async (change) => {
        if (this.#waiting.length > 0) await this.#flush();
        await store.commit(change);
        if (change.activities.length > 0) this.#onRecorded();
      },
      activities: (query) => store.activities(query),
      recordSamples: (samples) => store.recordSamples(samples),
      recordMetrics: (at, samples) => store.recordMetrics(at, samples),
      metricHistory: (...query) => store.metricHistory(...query),
      trafficHistory: (...query) => store.trafficHistory(...query),
      capacityHistory: (...query) => store.capacityHistory(...query),
      fleetVersions: () => store.fleetVersions(),
      fleetVersion: (number) => store.fleetVersion(number),
      notificationCursors: () => store.notificationCursors(),
      prune: (keep) => store.prune(keep),
      close: () => store.close(),
    };
  }

  /** Resolves when it is recorded, or waits. */
  async record(activity: Activity): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#onProblem(`not recorded, ${MAX_WAITING} wait already: ${activity.message}`);
      return;
    }
    this.#waiting.push({ activity, since: new Stopwatch(this.#clock), why: null });
    await this.#flush();
    if (this.#waiting.length > 0) void this.#retry();
  }

  #flush(): Promise<void> {
    return this.#turn.run(() => this.#write());
  }

  async #write(): Promise<void> {
    const batch = [...this.#waiting];
    if (batch.length === 0) return;
    try {
      await this.#store.commit({ memory: null, instances: [], activities: batch.map(recordedLate) });
      this.#waiting.splice(0, batch.length);
      this.#onRecorded();
    } catch (error) {
      const { message } = asPortError(error);
      if (batch.some(({ why }) => why === null)) this.#onProblem(message, error);
      for (const one of batch) one.why ??= message;
    }
  }

  async #retry(): Promise<void> {
    if (this.#retrying) return;
    this.#retrying = true;
    while (this.#waiting.length > 0 && !this.#signal.aborted) {
      await this.#clock.sleep(RETRY_EVERY_MS, this.#signal);
      if (!this.#signal.aborted) await this.#flush();
    }
    this.#retrying = false;
  }
}

function recordedLate({ activity, since, why }: Waiting): Activity {
  if (why === null) return activity;
  const late = Math.max(1, Math.round(since.elapsedMs / 1_000));
  return { ...activity, message: `${activity.message} Recorded ${late} s late: ${why}.` };
}
