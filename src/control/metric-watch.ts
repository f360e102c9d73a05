import { formatDuration } from '../base/duration.ts';
import type { Metric } from '../model/metric.ts';
import type { Reading } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError } from '../ports/errors.ts';
import type { MetricSource } from '../ports/metric-source.ts';
import { Stopwatch } from './stopwatch.ts';
import { Wake } from './wake.ts';

/** Between two readings that hints ask for. */
const HINTED_GAP_MS = 100;
/** How far ahead of ours the clock of whoever gives a value may be. */
const CLOCK_SKEW_MS = 60_000;

export interface WatchedMetric {
  readonly metric: Metric;
  readonly source: MetricSource;
}

/** Keeps the metrics of one group read, each in its own time: one that hangs delays no other. */
export class MetricWatch {
  readonly #readers: readonly MetricReader[];

  /** @param onReading called with each new reading, missing ones too */
  constructor(watched: readonly WatchedMetric[], clock: Clock, onReading: (metric: string, reading: Reading) => void) {
    this.#readers = watched.map(
      (one) => new MetricReader(one, clock, (reading) => onReading(one.metric.name, reading)),
    );
  }

  /** Reads until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.run(signal)));
  }

  /** How long until the next of the newest readings is too old, unless it is read anew. */
  get staleInMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#readers.map((reader) => reader.staleInMs));
  }

  /** The newest reading of each metric that was read yet, by name; one that has become too old is missing. */
  readings(): ReadonlyMap<string, Reading> {
    return new Map(
      this.#readers.flatMap(({ name, reading }): [string, Reading][] => (reading === null ? [] : [[name, reading]])),
    );
  }
}

class MetricReader {
  readonly #metric: Metric;
  readonly #source: MetricSource;
  readonly #clock: Clock;
  readonly #onReading: (reading: Reading) => void;
  readonly #wake: Wake;
  #newest: { readonly reading: Reading; readonly ageMs: number; readonly read: Stopwatch } | null = null;
  /** A source that does not heed its signal is not asked again before it has answered. */
  #isBusy = false;

  constructor({ metric, source }: WatchedMetric, clock: Clock, onReading: (reading: Reading) => void) {
    this.#metric = metric;
    this.#source = source;
    this.#clock = clock;
    this.#onReading = onReading;
    this.#wake = new Wake(clock);
  }

  get name(): string {
    return this.#metric.name;
  }

  get reading(): Reading | null {
    if (this.#newest === null) return null;
    const { reading, ageMs, read } = this.#newest;
    return unlessStale(reading, ageMs + read.ageMs, this.#metric.maxAgeMs, this.#clock.now());
  }

  /** Infinite while there is no value, or one that is too old already. */
  get staleInMs(): number {
    if (this.#newest === null || this.#newest.reading.kind === 'missing') return Number.POSITIVE_INFINITY;
    const leftMs = this.#metric.maxAgeMs - this.#newest.ageMs - this.#newest.read.ageMs;
    return leftMs < 0 ? Number.POSITIVE_INFINITY : leftMs + 1;
  }

  /** Readings are whole intervals after the first one, however long each takes; hints bring one in between. */
  async run(signal: AbortSignal): Promise<void> {
    const stopWatching = this.#source.watch(() => this.#wake.notify());
    const onAbort = () => this.#wake.notify();
    signal.addEventListener('abort', onAbort, { once: true });
    let dueMs = this.#clock.steadyMs();
    while (!signal.aborted) {
      const reading = await this.#read(signal);
      if (reading === null) break;
      const read = new Stopwatch(this.#clock);
      this.#newest = { reading, ageMs: this.#clock.now() - reading.at, read };
      this.#onReading(reading);
      await this.#clock.sleep(HINTED_GAP_MS, signal);
      const { intervalMs } = this.#metric;
      dueMs += (Math.floor((this.#clock.steadyMs() - dueMs) / intervalMs) + 1) * intervalMs;
      await this.#wake.wait(dueMs - this.#clock.steadyMs());
    }
    stopWatching();
    signal.removeEventListener('abort', onAbort);
  }

  /** Null when it was called off. */
  async #read(signal: AbortSignal): Promise<Reading | null> {
    const { timeoutMs } = this.#metric;
    if (this.#isBusy) return this.#missing('the reading before has not ended yet, although its time was over');
    try {
      const reading = await withDeadline(this.#clock, timeoutMs, signal, (bounded) => this.#ask(bounded));
      return trusted(reading, this.#clock.now());
    } catch (error) {
      if (signal.aborted) return null;
      return this.#missing(asPortError(error).message);
    }
  }

  #missing(detail: string): Reading {
    return { kind: 'missing', code: 'failed', detail, at: this.#clock.now() };
  }

  async #ask(signal: AbortSignal): Promise<Reading> {
    this.#isBusy = true;
    try {
      return await this.#source.read(signal);
    } finally {
      this.#isBusy = false;
    }
  }
}

/** What any source may get wrong. */
function trusted(reading: Reading, now: EpochMs): Reading {
  if (reading.kind === 'missing') return reading;
  const { value, at } = reading;
  if (!Number.isFinite(value) || !Number.isFinite(at)) {
    return { kind: 'missing', code: 'notANumber', detail: `the value is ${value}, at ${at}`, at: now };
  }
  if (at <= now) return reading;
  // It would never become stale.
  const aheadMs = at - now;
  if (aheadMs <= CLOCK_SKEW_MS) return { ...reading, at: now };
  const detail = `the value's time is ${formatDuration(aheadMs)} ahead of this host's clock: one of the two is wrong`;
  return { kind: 'missing', code: 'failed', detail, at: now };
}

function unlessStale(reading: Reading, ageMs: number, maxAgeMs: number, now: EpochMs): Reading {
  if (reading.kind === 'missing' || ageMs <= maxAgeMs) return reading;
  const detail = `the newest value is ${formatDuration(ageMs)} old, and counts for ${formatDuration(maxAgeMs)}`;
  return { kind: 'missing', code: 'stale', detail, at: now };
}
