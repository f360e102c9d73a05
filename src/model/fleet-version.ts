/** The desired fleet as it is kept: each change of it is a version, with where it came from. */

import type { JsonObject } from './json.ts';
import type { EpochMs } from './time.ts';

/** What a fleet file says, as JSON, before it is validated: keys and units are those of the file. It may hold secrets. */
export interface FleetDocument {
  readonly content: JsonObject;
  /** The absolute folder that relative paths in it start from. */
  readonly baseDir: string;
}

export interface FleetVersion extends FleetVersionSummary {
  readonly document: FleetDocument;
}

export interface FleetVersionSummary {
  /** From 1, ascending by one; never used again. */
  readonly number: number;
  /** The same for the same document, in whatever order it names its keys. */
  readonly digest: string;
  readonly at: EpochMs;
  readonly origin: FleetOrigin;
}

/** Where a version came from. */
export type FleetOrigin =
  | { readonly kind: 'file'; readonly path: string }
  /** Whoever called the API, as it named itself. */
  | { readonly kind: 'api'; readonly caller: string }
  /** An earlier version was brought back. */
  | { readonly kind: 'rollback'; readonly caller: string; readonly to: number };

/** Who may change the desired fleet: what is written in a file, or callers of the API. */
export type FleetOwner = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'api' };
