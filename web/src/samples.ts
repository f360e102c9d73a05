/** What was measured while the page was open. */

export interface Sample {
  readonly at: number;
  readonly value: number;
}

const maxSamples = 300;
/** Two samples are at least this far apart: rows change more often than a small line can show. */
const gapMs = 3_000;

export class Samples {
  readonly #byName = new Map<string, readonly Sample[]>();

  of(name: string): readonly Sample[] {
    return this.#byName.get(name) ?? NONE;
  }

  add(name: string, at: number, value: number): void {
    const before = this.of(name);
    const last = before.at(-1);
    if (last !== undefined && at - last.at < gapMs) return;
    this.#byName.set(name, [...before, { at, value }].slice(-maxSamples));
  }

  /** What was before the first one. */
  prepend(name: string, samples: readonly Sample[]): void {
    const known = this.of(name);
    const first = known[0]?.at ?? Number.POSITIVE_INFINITY;
    this.#byName.set(name, [...samples.filter(({ at }) => at < first - gapMs), ...known].slice(-maxSamples));
  }
}

const NONE: readonly Sample[] = [];
