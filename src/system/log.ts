import { closeSync, fstatSync, renameSync, writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import { openToAppendSync } from '../base/files.ts';

const MAX_LOG_BYTES = 10 * 1024 * 1024;

/**
 * Drover's own log, for what is wrong with Drover itself: JSON lines, as pino writes them. One that has grown to its bound is put aside
 * as `<path>.1`, and the one before that goes. A full disk must not end the controller: what cannot be written is dropped, and how many
 * lines that were is the first line that can be written again.
 */
export function openLog(path: string, maxBytes = MAX_LOG_BYTES): Logger {
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
    try {
      if (dropped > 0) append(`${JSON.stringify({ level: 40, msg: `${dropped} lines could not be written here.` })}\n`);
      dropped = 0;
      append(line);
    } catch {
      dropped += 1;
    }
  };
  return pino({ base: null }, { write });
}
