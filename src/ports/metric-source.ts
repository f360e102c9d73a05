import type { Reading } from '../model/observation.ts';

export type { MissingCode, Reading } from '../model/observation.ts';

/** A number from outside. A reading that cannot be trusted is *missing*, never zero. */
export interface MetricSource {
  read(signal: AbortSignal): Promise<Reading>;
  /** Calls back when a new reading is worth while. Returns the way to stop. */
  watch(onChange: () => void): () => void;
}
