import type { JsonObject } from './json.ts';

/** A number that a group's policies follow, and how it is come by. */
export interface Metric {
  readonly name: string;
  /** The source's name in `metrics/registry.ts`. */
  readonly source: string;
  /** The source's own settings, validated by its schema. */
  readonly settings: JsonObject;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** A reading that is older by its own time counts as missing. */
  readonly maxAgeMs: number;
}
