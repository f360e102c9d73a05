import { z } from 'zod';
import { DURATION, formatDuration, MAX_DURATION_MS, parseDuration } from '../base/duration.ts';
import { shown } from './public.ts';

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

function withoutUnit(input: unknown): string {
  const bare = typeof input === 'number' || (typeof input === 'string' && /^\d{1,9}$/.test(input));
  if (bare) return `a duration needs a unit: write ${input}s for seconds or ${input}ms for milliseconds`;
  return 'it must be a duration in whole numbers, largest unit first, such as 300ms, 30s, 5m or 1h30m';
}
