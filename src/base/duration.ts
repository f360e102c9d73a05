/** Durations as people write them (`300ms`, `30s`, `5m`, `1h30m`), in milliseconds inside. */

/** The longest duration that anything here understands: timers, Node's and HAProxy's alike, end at 2^31 - 1 ms. */
export const MAX_DURATION_MS = 24 * 24 * 3_600_000;

/** Largest unit first, each at most once. The look-ahead refuses the empty string. */
export const DURATION = /^(?=\d)(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

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
