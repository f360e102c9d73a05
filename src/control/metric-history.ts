import type { Reading } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import { asPortError } from '../ports/errors.ts';
import type { MetricAverage, Store } from '../ports/store.ts';

const RECORD_EVERY_MS = 10_000;
const HOUR_MS = 3_600_000;
/** What a forecast is made from. */
const FORECAST_FROM_MS = 14 * 24 * HOUR_MS;
const REFRESH_EVERY_MS = 10 * 60_000;

interface Cached {
  values: readonly MetricAverage[];
  readAt: EpochMs | null;
  isReading: boolean;
}

/** Keeps what the metrics of all groups were in the store, and gives it back by the hour for forecasts. */
export class MetricHistory {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onProblem: (message: string, error?: unknown) => void;
  /** Since the last recording. */
  readonly #sums = new Map<string, { group: string; metric: string; sum: number; count: number }>();
  readonly #hourly = new Map<string, Cached>();

  constructor(store: Store, clock: Clock, onProblem: (message: string, error?: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** Remembers a reading until it is recorded. What is missing leaves a gap. */
  take(group: string, metric: string, reading: Reading): void {
    if (reading.kind === 'missing') return;
    const before = this.#sums.get(keyOf(group, metric));
    const sum = (before?.sum ?? 0) + reading.value;
    this.#sums.set(keyOf(group, metric), { group, metric, sum, count: (before?.count ?? 0) + 1 });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(RECORD_EVERY_MS, signal);
      await this.#record();
    }
  }

  /**
   * The hours that are over, oldest first. It answers at once with what is known; what is older than ten minutes is read anew
   * meanwhile. Until then it is the same array, which never changes: a forecast is made once from it and not at every decision.
   */
  hourly(group: string, metric: string): readonly MetricAverage[] {
    const key = keyOf(group, metric);
    const cached: Cached = this.#hourly.get(key) ?? { values: [], readAt: null, isReading: false };
    this.#hourly.set(key, cached);
    const now = this.#clock.now();
    const isFresh = cached.readAt !== null && Math.abs(now - cached.readAt) < REFRESH_EVERY_MS;
    if (!isFresh && !cached.isReading) void this.#refresh(cached, group, metric, now);
    return cached.values;
  }

  /** Forgets a group that is no more. */
  forget(group: string): void {
    for (const key of this.#hourly.keys()) if (key.startsWith(keyOf(group, ''))) this.#hourly.delete(key);
  }

  async #record(): Promise<void> {
    const samples = [...this.#sums.values()].map(({ group, metric, sum, count }) => ({
      group,
      metric,
      value: sum / count,
    }));
    this.#sums.clear();
    if (samples.length === 0) return;
    try {
      await this.#store.recordMetrics(this.#clock.now(), samples);
    } catch (error) {
      // A gap in the history is no reason to stop.
      this.#onProblem(`metric samples: ${asPortError(error).message}`, error);
    }
  }

  async #refresh(cached: Cached, group: string, metric: string, now: EpochMs): Promise<void> {
    cached.isReading = true;
    try {
      const hours = await this.#store.metricHistory(group, metric, now - FORECAST_FROM_MS, HOUR_MS);
      cached.values = hours.filter(({ at }) => at + HOUR_MS <= now);
    } catch (error) {
      this.#onProblem(`metric history: ${asPortError(error).message}`, error);
    }
    // Also after a failure, so that it is not tried at every decision.
    cached.readAt = now;
    cached.isReading = false;
  }
}

/** Names have no blanks. */
function keyOf(group: string, metric: string): string {
  return `${group} ${metric}`;
}
