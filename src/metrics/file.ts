import { z } from 'zod';
import { parseDecimal } from '../base/decimal.ts';
import { FileError, readBounded } from '../base/files.ts';
import { quoted } from '../base/quoted.ts';
import type { MissingCode, Reading } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { MetricSource } from '../ports/metric-source.ts';
import { watchFile } from './file-watch.ts';
import { pathSchema } from './settings.ts';
import { metricSourceType } from './source.ts';

/** What a file may hold at most, surrounding white space included. */
const MAX_FILE_BYTES = 64;

/** How long content that may be half-written is given before it is read again. */
const SETTLE_MS = 100;

/** After so many readings the last one counts, settled or not. */
const MAX_SETTLE_READINGS = 5;

/** A number in a file, watched, that is as old as the file: one that nobody writes any more becomes stale. */
export const fileMetric = metricSourceType({
  name: 'file',
  schema: (baseDir) =>
    z.strictObject({
      path: pathSchema(baseDir).describe('The file that holds the number; relative to the fleet file.'),
    }),
  create: ({ path }, { clock }) => createFileMetric({ path, clock, timestamp: 'written' }),
});

export interface FileMetricOptions {
  readonly path: string;
  readonly clock: Clock;
  /** What a value's own time is: when it was read, or when the file was last written. Default: `read`. */
  readonly timestamp?: 'read' | 'written';
}

/**
 * A number that a person or a program writes into a file: `echo 6 > desired`. A shell empties the file before it writes,
 * and an editor may remove it first, so a reading that finds anything but a whole line with something on it, or what the reading
 * before found, is not believed: the file is read again a little later.
 */
export function createFileMetric({ path, clock, timestamp = 'read' }: FileMetricOptions): MetricSource {
  let before: Content | null = null;
  return {
    read: async (signal) => {
      let now = await readContent(path);
      for (let readings = 1; readings < MAX_SETTLE_READINGS && !isSettled(now, before); readings += 1) {
        before = now;
        await clock.sleep(SETTLE_MS, signal);
        if (signal.aborted) throw new PortError('Transient', 'aborted', `the reading of ${path} was given up`);
        now = await readContent(path);
      }
      before = now;
      const at = now.kind === 'content' && timestamp === 'written' ? now.writtenAt : clock.now();
      return asReading(path, now, at);
    },
    watch: (onChange) => watchFile(path, clock, onChange),
  };
}

/** What was found at a path, before anybody asked what it means. */
type Content =
  | { readonly kind: 'content'; readonly bytes: Buffer; readonly writtenAt: EpochMs }
  | { readonly kind: 'absent' }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'unreadable'; readonly why: string };

async function readContent(path: string): Promise<Content> {
  try {
    const { bytes, writtenAt } = await readBounded(path, { maxBytes: MAX_FILE_BYTES });
    return { kind: 'content', bytes, writtenAt };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code === 'absent') return { kind: 'absent' };
    if (error.code === 'tooLarge') return { kind: 'tooLarge' };
    return { kind: 'unreadable', why: error.message };
  }
}

function isSettled(now: Content, before: Content | null): boolean {
  if (now.kind === 'content') {
    const text = now.bytes.toString();
    if (text.endsWith('\n') && text.trim() !== '') return true;
    return before?.kind === 'content' && now.bytes.equals(before.bytes);
  }
  return before?.kind === now.kind;
}

function asReading(path: string, found: Content, at: number): Reading {
  const missing = (code: MissingCode, detail: string): Reading => ({ kind: 'missing', code, detail, at });
  switch (found.kind) {
    case 'absent':
      return missing('absent', `${path} does not exist`);
    case 'tooLarge':
      return missing('notANumber', `${path} is longer than ${MAX_FILE_BYTES} bytes`);
    case 'unreadable':
      return missing('unreadable', `${path} cannot be read: ${found.why}`);
    case 'content': {
      const text = found.bytes.toString().trim();
      if (text === '') return missing('empty', `${path} is empty`);
      const value = parseDecimal(text);
      if (value === null) return missing('notANumber', `${path} holds ${quoted(text)}, which is not a number`);
      return { kind: 'value', value, at };
    }
  }
}
