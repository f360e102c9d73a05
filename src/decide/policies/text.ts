import { formatDuration } from '../../base/duration.ts';

/** How numbers stand in the sentences of verdicts: four digits are enough to follow the calculation. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

export function servers(count: number): string {
  return count === 1 ? '1 server' : `${count} servers`;
}

export function notWarm(count: number): string {
  return `${servers(count)} ${count === 1 ? 'is' : 'are'} not warm yet`;
}

/** Rounded to seconds where it is longer than that. */
export function duration(ms: number): string {
  return formatDuration(ms < 1_000 ? ms : Math.round(ms / 1_000) * 1_000);
}
