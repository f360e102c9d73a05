import { closeSync, fstatSync, renameSync, writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { openToAppendSync } from '../base/files.ts';
import { errorForLog } from './error-for-log.ts';

const MAX_LOG_BYTES = 10 * 1024 * 1024;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  /** The least severe that is written. */
  readonly level?: LogLevel;
  /** Gets each line too, as JSON. */
  readonly onLine?: (line: string) => void;
  readonly maxBytes?: number;
}

/**
 * Drover's own log: JSON lines, as pino writes them, with the time as in ISO 8601 and the level by its name. One that has grown to its bound is put aside
 * as `<path>.1`, and the one before that goes. A full disk must not end the controller: what cannot be written is dropped, and how many
 * lines that were is the first line that can be written again.
 */
export function openLog(path: string, { level = 'info', onLine, maxBytes = MAX_LOG_BYTES }: LogOptions = {}): Logger {
  let file = openToAppendSync(path);
  let bytes = fstatSync(file).size;
  let dropped = 0;
  const append = (line: string) => {
    if (bytes >= maxBytes) {
      renameSync(path, `${path}.1`);
      closeSync(file);
      file = openToAppendSync(path);
      bytes = 0;
    }
    bytes += writeSync(file, line);
  };
  const write = (line: string) => {
    onLine?.(line);
    try {
      if (dropped > 0)
        append(`${JSON.stringify({ level: 'warn', msg: `${dropped} lines could not be written here.` })}\n`);
      dropped = 0;
      append(line);
    } catch {
      dropped += 1;
    }
  };
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorForLog },
  };
  return pino(options, { write });
}
