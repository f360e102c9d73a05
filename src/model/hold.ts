import type { EpochMs } from './time.ts';

/** One reason for waiting, told whenever somebody asks why nothing happens. */
export interface Hold {
  readonly code: string;
  /** One sentence with the numbers in it. */
  readonly message: string;
  /** When it ends by itself; null when that depends on something else. */
  readonly until: EpochMs | null;
}
