import type { FleetChange } from '../fleet/change.ts';
import type { Fleet } from '../model/fleet.ts';
import type { FleetDocument } from '../model/fleet-version.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../views/fleet-versions.ts';

/** The desired fleet as people and programs change it: everything that configures goes this way. */
export interface FleetConfiguration {
  /** What the fleet file on disk would change. @throws ServiceError `invalid` with the file's errors, `conflict` where there is no file */
  fileChanges(): Promise<readonly FleetChange[]>;
  /** Applies the fleet file on disk. @throws ServiceError `invalid`, `conflict` (it would take a group's servers away, there is no file) */
  reload(): Promise<AppliedFleet>;
  versions(): Promise<FleetVersions>;
  /** @throws ServiceError `notFound` */
  version(number: number): Promise<ShownFleetVersion>;
  /** What differs between two versions. @throws ServiceError `notFound`, `invalid` for one that this Drover does not understand */
  compare(from: number, to: number): Promise<readonly FleetChange[]>;
  /** What applying a document would change. @throws ServiceError `invalid`, `conflict` (a file owns the fleet) */
  plan(document: FleetDocument): Promise<PlannedFleet>;
  /** @throws ServiceError `invalid`, `conflict` (a file owns the fleet, it would take a group's servers away), `staleVersion` */
  apply(document: FleetDocument, by: ChangedBy): Promise<AppliedFleet>;
  /** Brings an earlier version back, as a new one. @throws ServiceError as `apply`, and `notFound` */
  rollback(to: number, by: ChangedBy): Promise<AppliedFleet>;
}

/** Whose change it is, and the number of the version that it was made from: 0 for none. */
export interface ChangedBy {
  readonly caller: string;
  readonly madeFrom: number;
}

export interface ReadFleet {
  readonly fleet: Fleet;
  readonly document: FleetDocument;
}

/** Who owns the fleet, and how a file that does is read. */
export type FleetSource =
  | {
      readonly kind: 'file';
      /** Absolute. */
      readonly path: string;
      /** @throws ServiceError `invalid` */
      readonly read: () => Promise<ReadFleet>;
    }
  | { readonly kind: 'api' };

/** What becomes of documents depends on the providers and metric sources that there are. */
export interface FleetDocuments {
  /** @param name what it is called in errors @throws ServiceError `invalid` */
  read(document: FleetDocument, name: string): Fleet;
  /** Without what may not be shown. */
  shown(document: FleetDocument): FleetDocument;
}
