import type { ChangedBy, FleetConfiguration } from '../../src/control/fleet-configuration.ts';
import { ServiceError } from '../../src/control/service.ts';
import type { FleetChange } from '../../src/fleet/change.ts';
import type { FleetDocument, FleetOrigin, FleetOwner } from '../../src/model/fleet-version.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../../src/views/fleet-versions.ts';

/** A desired fleet imitated in memory: what would change is what `changes` says. */
export class FakeConfiguration implements FleetConfiguration {
  readonly changes: FleetChange[] = [];
  readonly pending: string[] = [];
  owner: FleetOwner = { kind: 'file', path: '/srv/hello/fleet.yaml' };
  readonly #called: (call: string) => void;
  readonly #versions: ShownFleetVersion[] = [];

  constructor(called: (call: string) => void) {
    this.#called = called;
    this.record(
      {
        content: { fleet: 'hello', autoScalingGroups: { web: { environment: '(not shown)' } } },
        baseDir: '/srv/hello',
      },
      { kind: 'file', path: '/srv/hello/fleet.yaml' },
    );
  }

  record(document: FleetDocument, origin: FleetOrigin): void {
    const number = this.#versions.length + 1;
    this.#versions.unshift({ number, digest: `digest${number}`, at: number * 1_000, origin, document });
  }

  async fileChanges(): Promise<readonly FleetChange[]> {
    this.#called('fileChanges');
    return [...this.changes];
  }

  async reload(): Promise<AppliedFleet> {
    this.#called('reload');
    return this.#applied();
  }

  async versions(): Promise<FleetVersions> {
    this.#called('versions');
    return { owner: this.owner, versions: this.#versions.map(({ document: _, ...summary }) => summary) };
  }

  async version(number: number): Promise<ShownFleetVersion> {
    this.#called(`version ${number}`);
    const version = this.#versions.find((one) => one.number === number);
    if (version === undefined) throw new ServiceError('notFound', `There is no version ${number} of this fleet.`);
    return version;
  }

  async compare(from: number, to: number): Promise<readonly FleetChange[]> {
    this.#called(`compare ${from} ${to}`);
    return [...this.changes];
  }

  async plan({ baseDir }: FleetDocument): Promise<PlannedFleet> {
    this.#called(`plan ${baseDir}`);
    return { madeFrom: this.#versions.length, changes: [...this.changes] };
  }

  async apply(document: FleetDocument, { caller, madeFrom }: ChangedBy): Promise<AppliedFleet> {
    this.#called(`apply ${madeFrom} by ${caller}`);
    this.record(document, { kind: 'api', caller });
    return this.#applied();
  }

  async rollback(to: number, { caller, madeFrom }: ChangedBy): Promise<AppliedFleet> {
    this.#called(`rollback ${to} ${madeFrom} by ${caller}`);
    this.record((await this.version(to)).document, { kind: 'rollback', caller, to });
    return this.#applied();
  }

  #applied(): AppliedFleet {
    return { version: this.#versions.length, changes: this.changes.splice(0), pending: [...this.pending] };
  }
}
