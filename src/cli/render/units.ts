/** Times and numbers as people read them. Times are the host's local ones. */

import type { EpochMs } from '../../model/time.ts';

const two = (value: number) => String(value).padStart(2, '0');

/** `15:44:03` */
export function timeOfDay(at: EpochMs): string {
  const time = new Date(at);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** `2026-11-23 15:44:03` */
export function dateAndTime(at: EpochMs): string {
  const day = new Date(at);
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())} ${timeOfDay(at)}`;
}

/** The two largest units: `4s`, `3m 12s`, `2h 05m`, `4d 03h`. A clock that jumped back gives `0s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** `0`, `4.2`, `137`, `12.3k`, `4.5M`: at most one decimal, none from 100. */
export function amount(value: number): string {
  const [scaled, unit] = value < 10_000 ? [value, ''] : value < 1_000_000 ? [value / 1e3, 'k'] : [value / 1e6, 'M'];
  return (scaled < 100 ? String(Number(scaled.toFixed(1))) : scaled.toFixed(0)) + unit;
}
