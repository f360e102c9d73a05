import { formatDuration } from '../../base/duration.ts';
import { count, plural } from '../../base/plural.ts';

/** How numbers stand in the sentences of verdicts: four digits are enough to follow the calculation. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

export function servers(many: number): string {
  return count(many, 'server');
}

export function notWarm(many: number): string {
  return `${servers(many)} ${plural(many, 'is', 'are')} not warm yet`;
}

/** Rounded to seconds where it is longer than that. */
export function duration(ms: number): string {
  return formatDuration(ms < 1_000 ? ms : Math.round(ms / 1_000) * 1_000);
}
