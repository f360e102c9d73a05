import type { z } from 'zod';
import { ExpectedError } from '../base/expected-error.ts';
import { reasonOf } from '../base/quoted.ts';
import { SecretError } from '../base/secrets.ts';
import type { JsonObject } from '../model/json.ts';
import type { MissingCode } from '../model/observation.ts';
import type { EpochMs } from '../model/time.ts';
import type { Clock } from '../ports/clock.ts';
import { isDefect, PortError } from '../ports/errors.ts';
import type { MetricContext, MetricSource, MetricSourceType } from '../ports/metric-source.ts';
import { readExactly } from '../ports/read-settings.ts';

/** Thrown by a reading that gives no number; its message is the sentence that people read. */
export class Missing extends ExpectedError {
  readonly code: MissingCode;

  constructor(code: MissingCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a reading has found. `at` is the value's own time; the time of the reading where it has none. */
export interface Found {
  readonly value: number;
  readonly at?: EpochMs;
  /** Of how many of the group's servers it is the average. */
  readonly over?: number;
}

export type Read = (signal: AbortSignal) => Promise<Found>;

/** A source that gives no hints: it is read when its time has come. */
export function polledSource(clock: Clock, read: Read): MetricSource {
  return { read: (signal) => readingOf(clock, read, signal), watch: () => () => {} };
}

async function readingOf(clock: Clock, read: Read, signal: AbortSignal): ReturnType<MetricSource['read']> {
  try {
    signal.throwIfAborted();
    const { at = clock.now(), ...found } = await read(signal);
    const { value } = found;
    if (!Number.isFinite(value)) throw new Missing('notANumber', `the value is ${value}, which is no finite number`);
    return { kind: 'value', ...found, at };
  } catch (error) {
    if (signal.aborted) {
      throw new PortError('Transient', 'aborted', 'the reading was given up', { cause: error });
    }
    if (isDefect(error)) throw error;
    return { kind: 'missing', code: codeOf(error), detail: reasonOf(error), at: clock.now() };
  }
}

function codeOf(error: unknown): MissingCode {
  if (error instanceof Missing) return error.code;
  return error instanceof SecretError ? 'unreadable' : 'failed';
}

/**
 * One kind of source. Its schema is such that what comes out of it is valid as input and stays the same, so settings are
 * validated again by the schema that has made them.
 */
export function metricSourceType<Settings extends JsonObject>(type: {
  readonly name: string;
  readonly schema: (baseDir: string) => z.ZodType<Settings>;
  readonly create: (settings: Settings, context: MetricContext) => MetricSource;
}): MetricSourceType {
  return {
    name: type.name,
    settingsSchema: type.schema,
    create: (context) => {
      return type.create(readExactly(type.schema('/'), context.settings), context);
    },
  };
}
