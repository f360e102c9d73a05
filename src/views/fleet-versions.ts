import type { FleetChange } from '../fleet/change.ts';
import type { FleetDocument, FleetOwner, FleetVersionSummary } from '../model/fleet-version.ts';

/** What people are shown of the versions. */
export interface FleetVersions {
  readonly owner: FleetOwner;
  /** The newest first; the first one is in force. */
  readonly versions: readonly FleetVersionSummary[];
}

/** A version without what may not be shown. */
export interface ShownFleetVersion extends FleetVersionSummary {
  readonly document: FleetDocument;
}

/** What a change would do. */
export interface PlannedFleet {
  /** The version that it would be made from: 0 for none. */
  readonly madeFrom: number;
  readonly changes: readonly FleetChange[];
}

/** What a change has done. */
export interface AppliedFleet {
  /** The number of the version that is in force now. */
  readonly version: number;
  readonly changes: readonly FleetChange[];
  /** What could not be done yet and is tried again, in sentences. */
  readonly pending: readonly string[];
}
