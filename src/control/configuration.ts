import type { FleetChange } from '../fleet/change.ts';
import { diffFleets } from '../fleet/diff.ts';
import { digestOf } from '../fleet/digest.ts';
import { type Activity, PLAIN_ACTIVITY } from '../model/activity.ts';
import type { Fleet } from '../model/fleet.ts';
import type { FleetDocument, FleetOrigin, FleetVersion } from '../model/fleet-version.ts';
import type { Instance } from '../model/instance.ts';
import { asPortError } from '../ports/errors.ts';
import type { Store } from '../ports/store.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../views/fleet-versions.ts';
import type { ControllerOptions } from './controller-options.ts';
import type { ChangedBy, FleetConfiguration, ReadFleet } from './fleet-configuration.ts';
import { refuseForgottenGroups, refuseLostProviders, whileTheyAreEmpty } from './group-removal.ts';
import type { Loops } from './loops.ts';
import { pendingInWords, type Reconciler } from './reconciler.ts';
import { ServiceError } from './service.ts';

/** Of a changed fleet, in one activity. */
const MAX_REPORTED_CHANGES = 50;

export interface ConfigurationContext {
  readonly loops: Loops;
  readonly reconciler: Reconciler;
  readonly store: Store;
  readonly mode: () => 'up' | 'down';
  /** From now on this is the fleet. */
  readonly onFollowed: (fleet: Fleet) => void;
  /** Resolves when it is recorded, or cannot be. */
  readonly report: (activity: Activity) => Promise<void>;
}

/**
 * The desired fleet: who owns it, its versions, and its changes, one after the other. Each is validated, recorded as a version, and only then
 * followed; what runs is brought there by the reconciler.
 */
export class Configuration implements FleetConfiguration {
  readonly #options: ControllerOptions;
  readonly #context: ConfigurationContext;
  #newest: FleetVersion | null = null;
  #isKnown = false;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: ControllerOptions, context: ConfigurationContext) {
    this.#options = options;
    this.#context = context;
  }

  /** Whether there is a fleet: before, nothing is started, and nothing is terminated. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The number of the version that is in force; 0 for none. */
  get current(): number {
    return this.#newest?.number ?? 0;
  }

  /**
   * Follows what the owner says: the file, or the newest version.
   * @throws ServiceError `conflict` where the store has servers that the fleet does not explain, `invalid`
   */
  async start(instances: readonly Instance[]): Promise<void> {
    const { source, documents } = this.#options;
    const newest = await this.#context.store.fleetVersion(null);
    this.#newest = newest;
    if (source.kind === 'api') {
      if (newest !== null) return this.#startWith(documents.read(newest.document, nameOf(newest)), instances);
      if (instances.length === 0) return;
      throw new ServiceError(
        'conflict',
        `There are ${instances.length} servers and no version of the fleet that they belong to: start Drover once with its fleet file.`,
      );
    }
    const read = await source.read();
    this.#refuseRenamed(read.fleet, instances);
    refuseForgottenGroups(read.fleet, instances);
    if (newest?.digest === digestOf(read.document)) return this.#follow(read.fleet);
    const before = newest === null ? null : this.#readIfKnown(newest);
    if (before !== null) refuseLostProviders(before, read.fleet, instances, this.#options.keepsMachines);
    try {
      const changes = newest === null ? [] : this.#changesSince(newest, before, read.fleet);
      await this.#record(read.document, { kind: 'file', path: source.path }, changes);
    } catch (error) {
      if (newest === null) throw error;
      await this.#report(
        'fleetFileRefused',
        `The changed fleet file cannot be recorded, so version ${newest.number} stays in force until \`drover reload\`: ${asPortError(error).message}`,
        'error',
      );
      return this.#startWith(documents.read(newest.document, nameOf(newest)), instances);
    }
    this.#follow(read.fleet);
  }

  async fileChanges(): Promise<readonly FleetChange[]> {
    const { fleet } = await this.#readFile();
    return this.#diff(this.#context.loops.fleet, fleet);
  }

  async reload(): Promise<AppliedFleet> {
    return this.#change(async () => {
      try {
        this.#refuseDown('a changed fleet file is for its next start');
        const { fleet, document, origin } = await this.#readFile();
        return await this.#apply(fleet, document, origin);
      } catch (error) {
        if (error instanceof ServiceError && this.#options.source.kind === 'file') {
          await this.#report('fleetFileRefused', `The fleet file was not applied: ${error.message}`, 'error');
        }
        throw error;
      }
    });
  }

  async versions(): Promise<FleetVersions> {
    const { source } = this.#options;
    const owner = source.kind === 'file' ? { kind: source.kind, path: source.path } : source;
    return { owner, versions: await this.#context.store.fleetVersions() };
  }

  async version(number: number): Promise<ShownFleetVersion> {
    const version = await this.#version(number);
    return { ...version, document: this.#options.documents.shown(version.document) };
  }

  async compare(from: number, to: number): Promise<readonly FleetChange[]> {
    const [before, after] = [await this.#version(from), await this.#version(to)];
    return this.#diff(this.#read(before), this.#read(after));
  }

  async plan(document: FleetDocument): Promise<PlannedFleet> {
    this.#refuseOwned('change it there; `drover plan` shows what that would change');
    const fleet = this.#options.documents.read(document, 'the document');
    return { madeFrom: this.current, changes: this.#diff(this.#context.loops.fleet, fleet) };
  }

  async apply(document: FleetDocument, { caller, madeFrom }: ChangedBy): Promise<AppliedFleet> {
    return this.#change(async () => {
      this.#refuseDown('it takes no changes');
      this.#refuseOwned(`change it there and run \`drover reload\``);
      this.#refuseStale(madeFrom);
      const fleet = this.#options.documents.read(document, 'the document');
      return this.#apply(fleet, document, { kind: 'api', caller });
    });
  }

  async rollback(to: number, { caller, madeFrom }: ChangedBy): Promise<AppliedFleet> {
    return this.#change(async () => {
      this.#refuseDown('it takes no changes');
      this.#refuseOwned(
        `\`drover fleet show ${to}\` prints that version; put it into the file and run \`drover reload\``,
      );
      this.#refuseStale(madeFrom);
      const version = await this.#version(to);
      return this.#apply(this.#read(version), version.document, { kind: 'rollback', caller, to });
    });
  }

  /** One change after the other; of what they lead to each waits for its own part. */
  async #change(make: () => Promise<readonly FleetChange[]>): Promise<AppliedFleet> {
    const { loops, reconciler } = this.#context;
    const changing = this.#changing.then(make);
    this.#changing = changing.catch(() => {});
    const changes = await changing;
    const version = this.current;
    if (changes.length > 0) {
      await reconciler.attempted();
      await loops.attempted();
    }
    const refused = [...loops.balancers].flatMap(([name, { refusal }]) =>
      refusal === '' ? [] : [`Load balancer ${name} goes on as it was, and the change is tried again: ${refusal}`],
    );
    return { version, changes, pending: [...reconciler.failed.map(pendingInWords), ...refused] };
  }

  /** Recorded first: killed at any line, the next start goes on with it. */
  async #apply(fleet: Fleet, document: FleetDocument, origin: FleetOrigin): Promise<readonly FleetChange[]> {
    const { loops, reconciler } = this.#context;
    const instances = loops.groups.flatMap((loop) => loop.instances);
    this.#refuseRenamed(fleet, instances);
    refuseForgottenGroups(fleet, instances);
    refuseLostProviders(loops.fleet, fleet, instances, this.#options.keepsMachines);
    if (this.#newest?.digest === digestOf(document)) return [];
    const changes = this.#diff(loops.fleet, fleet);
    await whileTheyAreEmpty(fleet, loops.groups, async () => {
      await this.#record(document, origin, changes);
      this.#follow(fleet);
    });
    reconciler.notify();
    return changes;
  }

  async #record(document: FleetDocument, origin: FleetOrigin, changes: readonly FleetChange[]): Promise<void> {
    const at = this.#options.clock.now();
    const version = { number: this.current + 1, digest: digestOf(document), at, origin, document };
    const message = `Applied version ${version.number} of the fleet, ${originInWords(origin)}: ${changesInWords(changes)}.`;
    const changed: Activity = { ...PLAIN_ACTIVITY, at, level: 'info', reason: 'fleetChanged', message };
    const activities = changes.length === 0 ? [] : [changed];
    await this.#context.store.commit({ memory: null, instances: [], activities, fleetVersion: version });
    this.#newest = version;
  }

  #startWith(fleet: Fleet, instances: readonly Instance[]): void {
    refuseForgottenGroups(fleet, instances);
    this.#follow(fleet);
  }

  #follow(fleet: Fleet): void {
    this.#isKnown = true;
    this.#context.loops.follow(fleet);
    this.#context.onFollowed(fleet);
  }

  async #readFile(): Promise<ReadFleet & { readonly origin: FleetOrigin }> {
    const { source } = this.#options;
    if (source.kind === 'file') return { ...(await source.read()), origin: { kind: 'file', path: source.path } };
    throw new ServiceError(
      'conflict',
      'The API owns this fleet, so there is no fleet file to reload: `drover apply <file>` sends one.',
    );
  }

  async #version(number: number): Promise<FleetVersion> {
    const version = await this.#context.store.fleetVersion(number);
    if (version !== null) return version;
    throw new ServiceError(
      'notFound',
      `There is no version ${number} of this fleet, or none any more. \`drover fleet versions\` lists them.`,
    );
  }

  #read(version: FleetVersion): Fleet {
    return this.#options.documents.read(version.document, nameOf(version));
  }

  #diff(before: Fleet, after: Fleet): readonly FleetChange[] {
    return diffFleets(before, after, this.#options.shownSettings);
  }

  /** Null for one that another Drover has written, where it is not known what it says. */
  #readIfKnown(version: FleetVersion): Fleet | null {
    try {
      return this.#read(version);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return null;
    }
  }

  #changesSince(version: FleetVersion, before: Fleet | null, fleet: Fleet): readonly FleetChange[] {
    if (before !== null) return this.#diff(before, fleet);
    return [{ kind: 'change', path: 'fleet', before: nameOf(version), after: 'the fleet file', effect: '' }];
  }

  #refuseDown(what: string): void {
    if (this.#context.mode() === 'up') return;
    throw new ServiceError('conflict', `The fleet is going down: ${what}.`);
  }

  #refuseOwned(whatToDo: string): void {
    const { source } = this.#options;
    if (source.kind === 'api') return;
    throw new ServiceError(
      'conflict',
      `The file ${source.path} owns the configuration of this fleet: ${whatToDo}. Without a file (\`drover run --data <folder>\`) the API owns it.`,
    );
  }

  #refuseStale(madeFrom: number): void {
    if (madeFrom === this.current) return;
    throw new ServiceError(
      'staleVersion',
      `The change was made from version ${madeFrom} of the fleet, and version ${this.current} is in force: see \`drover fleet diff ${madeFrom}\`, and make the change anew.`,
    );
  }

  #refuseRenamed(fleet: Fleet, instances: readonly Instance[]): void {
    const before = this.#newest?.document.content.fleet;
    if (typeof before !== 'string' || before === fleet.name || (instances.length === 0 && !this.#isKnown)) return;
    throw new ServiceError(
      'conflict',
      `The fleet's name is part of every machine's tags: it cannot change from ${before} to ${fleet.name} while it runs.`,
    );
  }

  #report(reason: Activity['reason'], message: string, level: Activity['level']): Promise<void> {
    return this.#context.report({ ...PLAIN_ACTIVITY, at: this.#options.clock.now(), level, reason, message });
  }
}

function nameOf({ number }: FleetVersion): string {
  return `version ${number}`;
}

function originInWords(origin: FleetOrigin): string {
  switch (origin.kind) {
    case 'file':
      return `from ${origin.path}`;
    case 'api':
      return `by ${origin.caller}`;
    case 'rollback':
      return `version ${origin.to} brought back by ${origin.caller}`;
  }
}

function changesInWords(changes: readonly FleetChange[]): string {
  const list = changes
    .slice(0, MAX_REPORTED_CHANGES)
    .map(({ path, before, after }) => `${path}: ${before ?? 'none'} -> ${after ?? 'none'}`)
    .join('; ');
  const more = changes.length - MAX_REPORTED_CHANGES;
  return more > 0 ? `${list}; and ${more} more` : list;
}
