/** One thing that was looked into. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /** What was found, as a sentence. */
  readonly message: string;
  /** What to do about it, as a sentence; null where there is nothing to do. */
  readonly remedy: string | null;
}
