import type { EpochMs } from '../model/time.ts';

/** A number from outside. A reading that cannot be trusted is *missing*, never zero. */
export interface MetricSource {
  read(signal: AbortSignal): Promise<Reading>;
  /** Calls back when a new reading is worth while. Returns the way to stop. */
  watch(onChange: () => void): () => void;
}

export type Reading =
  | { readonly kind: 'value'; readonly value: number; readonly at: EpochMs }
  | { readonly kind: 'missing'; readonly code: MissingCode; readonly detail: string; readonly at: EpochMs };

export type MissingCode = 'absent' | 'empty' | 'notANumber' | 'unreadable';
