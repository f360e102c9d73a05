import type { Reading } from '../model/observation.ts';
import type { Clock } from '../ports/clock.ts';
import { withDeadline } from '../ports/deadline.ts';
import { asPortError } from '../ports/errors.ts';
import type { MetricSource } from '../ports/metric-source.ts';
import { Wake } from './wake.ts';

/** The safety net under the watching. */
const READ_EVERY_MS = 5_000;
const READ_TIMEOUT_MS = 5_000;

/** Keeps a group's desired capacity file read. */
export class FileWatch {
  readonly #source: MetricSource;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #wake: Wake;
  #reading: Reading | null = null;

  constructor(source: MetricSource, clock: Clock, onChange: () => void) {
    this.#source = source;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#wake = new Wake(clock);
  }

  get reading(): Reading | null {
    return this.#reading;
  }

  async run(signal: AbortSignal): Promise<void> {
    const stopWatching = this.#source.watch(() => this.#wake.notify());
    signal.addEventListener('abort', () => this.#wake.notify(), { once: true });
    while (!signal.aborted) {
      await this.#read(signal);
      await this.#wake.wait(READ_EVERY_MS);
    }
    stopWatching();
  }

  async #read(signal: AbortSignal): Promise<void> {
    const before = this.#reading;
    try {
      this.#reading = await withDeadline(this.#clock, READ_TIMEOUT_MS, signal, (bounded) => this.#source.read(bounded));
    } catch (error) {
      if (signal.aborted) return;
      const detail = asPortError(error).message;
      this.#reading = { kind: 'missing', code: 'unreadable', detail, at: this.#clock.now() };
    }
    if (before === null || said(before) !== said(this.#reading)) this.#onChange();
  }
}

function said(reading: Reading): string {
  return reading.kind === 'value' ? `value ${reading.value}` : `${reading.code} ${reading.detail}`;
}
