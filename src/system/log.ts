import { lstatSync, renameSync } from 'node:fs';
import { destination, type Logger, pino } from 'pino';
import { openToAppendSync } from '../base/files.ts';

/** A log that has grown larger is put aside at the next start; one old one is kept. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const MAX_BUFFERED_BYTES = 64 * 1024;

/** Drover's own log, for what is wrong with Drover itself: JSON lines, as pino writes them. */
export function openLog(path: string): Logger {
  if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  const file = destination({ fd: openToAppendSync(path), sync: true, maxLength: MAX_BUFFERED_BYTES });
  // A full disk must not end the controller; what cannot be logged is dropped.
  file.on('error', () => undefined);
  return pino({ base: null }, file);
}
