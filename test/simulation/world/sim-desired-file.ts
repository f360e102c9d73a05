import type { Reading } from '../../../src/model/observation.ts';
import type { MetricSource } from '../../../src/ports/metric-source.ts';
import { type CallConditions, simulateCall } from './call.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A file of the simulated world that holds the desired size. It outlives every controller. */
export class SimFile {
  readonly #watchers = new Set<() => void>();
  #content: string | null;

  constructor(content: string | null) {
    this.#content = content;
  }

  /** Null while the file does not exist. */
  get content(): string | null {
    return this.#content;
  }

  write(content: string | null): void {
    this.#content = content;
    for (const watcher of this.#watchers) watcher();
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }
}

export interface FileConditions {
  readonly read: CallConditions;
  /** How often the hint that the file has changed gets lost. */
  lostHints: number;
}

export interface SimDesiredFileOptions {
  readonly file: SimFile;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly conditions: FileConditions;
}

/** The controller's end of a desired capacity file. */
export class SimDesiredFile implements MetricSource {
  readonly #options: SimDesiredFileOptions;

  constructor(options: SimDesiredFileOptions) {
    this.#options = options;
  }

  read(signal: AbortSignal): Promise<Reading> {
    const { file, clock, random, trace, conditions } = this.#options;
    return simulateCall({
      clock,
      random,
      conditions: conditions.read,
      signal,
      effect: () => readingOf(file.content, clock.now()),
      outlivesCaller: false,
      onFault: (fault) => trace.note('file', `read ${fault}`),
    });
  }

  watch(onChange: () => void): () => void {
    const { file, random, conditions } = this.#options;
    return file.watch(() => {
      if (!random.chance(conditions.lostHints)) onChange();
    });
  }
}

function readingOf(content: string | null, at: number): Reading {
  if (content === null) return { kind: 'missing', code: 'absent', detail: 'the file does not exist', at };
  const text = content.trim();
  if (text === '') return { kind: 'missing', code: 'empty', detail: 'the file is empty', at };
  if (!/^-?\d+(\.\d+)?$/.test(text))
    return { kind: 'missing', code: 'notANumber', detail: `"${text}" is not a number`, at };
  return { kind: 'value', value: Number(text), at };
}
