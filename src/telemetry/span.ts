import type { Ids } from '../ports/ids.ts';

/** As W3C trace context has them: 32 and 16 hexadecimal digits. */
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

export interface SpanIds {
  /** Of the whole story that it belongs to. */
  readonly trace: string;
  readonly id: string;
  /** Null where nothing led to it. */
  readonly parent: string | null;
}

/**
 * Where a piece of work belongs. Its ids are drawn when something is said of it, with those of what led to it: a check that finds nothing to
 * do costs nothing, and is known by having none.
 */
export class Span {
  readonly #source: Ids;
  readonly #parent: Span | null;
  #ids: SpanIds | null = null;

  constructor(source: Ids, parent: Span | null) {
    this.#source = source;
    this.#parent = parent;
  }

  /** Whether anything was said of it, or of what came of it. */
  get isTold(): boolean {
    return this.#ids !== null;
  }

  ids(): SpanIds {
    if (this.#ids === null) {
      const parent = this.#parent?.ids() ?? null;
      this.#ids = {
        trace: parent?.trace ?? this.#source.seed().slice(0, TRACE_ID_DIGITS),
        id: this.#source.seed().slice(0, SPAN_ID_DIGITS),
        parent: parent?.id ?? null,
      };
    }
    return this.#ids;
  }

  /** Ids for a step of it. */
  step(): SpanIds {
    return new Span(this.#source, this).ids();
  }
}
