/** Durations as people write them in a fleet file (`300ms`, `30s`, `5m`, `1h30m`), in milliseconds inside. */

import { z } from 'zod';
import { shown } from './public.ts';

/** The longest duration that anything here understands: timers, Node's and HAProxy's alike, end at 2^31 - 1 ms. */
export const MAX_DURATION_MS = 24 * 24 * 3_600_000;

/** Largest unit first, each at most once. The look-ahead refuses the empty string. */
const DURATION = /^(?=\d)(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

export interface DurationBounds {
  /** Inclusive; 0 where not given. */
  readonly minMs?: number;
  /** Inclusive; `MAX_DURATION_MS` where not given. */
  readonly maxMs?: number;
}

/** A duration in text, as milliseconds. A bare number is refused: `30` may have meant seconds or milliseconds. */
export function durationSchema(bounds: DurationBounds = {}): z.ZodType<number, string> {
  const { minMs = 0, maxMs = MAX_DURATION_MS } = bounds;
  return shown(z.string({ error: ({ input }) => withoutUnit(input) }))
    .regex(DURATION, { error: ({ input }) => withoutUnit(input), abort: true })
    .transform((text, context) => {
      const ms = parseDuration(text) ?? Number.NaN;
      if (ms >= minMs && ms <= maxMs) return ms;
      const message = `${text} is out of range; it must be from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
      context.issues.push({ code: 'custom', message, input: text });
      return z.NEVER;
    });
}

/** Milliseconds, or null where the text is not a duration. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  return UNITS.reduce((sum, [, unitMs], index) => sum + Number(match[index + 1] ?? 0) * unitMs, 0);
}

/** `1h30m`, `1s500ms`, `0s`: the shortest way to write a duration so that `parseDuration` reads the same one. Parts of a millisecond are rounded. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return String(ms);
  let rest = Math.round(Math.abs(ms));
  if (rest === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

function withoutUnit(input: unknown): string {
  const bare = typeof input === 'number' || (typeof input === 'string' && /^\d{1,9}$/.test(input));
  if (bare) return `a duration needs a unit: write ${input}s for seconds or ${input}ms for milliseconds`;
  return 'it must be a duration in whole numbers, largest unit first, such as 300ms, 30s, 5m or 1h30m';
}
