import type { DatabaseSync } from 'node:sqlite';
import type { Fleet } from '../../../src/model/fleet.ts';
import { serves } from '../../../src/model/lifecycle.ts';
import type { Ids } from '../../../src/ports/ids.ts';
import { Invariants } from '../rules/invariants.ts';
import { applyEdit, type FleetEdit } from '../scenario/fleet-edits.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type Conditions, calmDown } from './conditions.ts';
import { emptyDatabase } from './empty-database.ts';
import { LoadBalancerHost } from './load-balancer-host.ts';
import { Machines } from './machines.ts';
import { Measures } from './measures.ts';
import { hex128, type Random } from './random.ts';
import { Records } from './records.ts';
import { SimFile } from './sim-desired-file.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { SimZones } from './zones.ts';

const PAGES_WITH_ROOM = 1_073_741_823;

/** Everything that outlives the controller: machines, load balancers, files, the database, and the truth about them. */
export class World {
  readonly conditions: Conditions;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly machines: Machines;
  readonly zones: SimZones;
  readonly measures: Measures;
  readonly #hosts: LoadBalancerHost[];
  readonly records = new Records();
  readonly invariants: Invariants;
  readonly ids: Ids;
  /** Whether the controller's host can reach the servers. */
  probeReaches = true;
  /** Whether the records were ever lost. */
  hasLostStore = false;
  readonly #files = new Map<string, SimFile>();
  /** What the fleet file says. */
  #fleet: Fleet;
  #database = emptyDatabase();
  #asleep = false;
  #wakeHost = (): void => {};
  #onSleep: (until: Promise<void>) => void = () => {};

  constructor({ fleet, conditions, zones }: Scenario, clock: VirtualClock, random: Random, trace: Trace) {
    this.#fleet = fleet;
    this.conditions = conditions;
    this.clock = clock;
    this.random = random;
    this.trace = trace;
    this.machines = new Machines(clock, random.fork('machines'), trace, conditions.machines);
    this.measures = new Measures(random.fork('measures'), clock);
    const hosts: LoadBalancerHost[] = [];
    this.zones = new SimZones(zones, clock);
    const truth = { clock, fleet, machines: this.machines, zones: this.zones, hosts, records: this.records, trace };
    this.invariants = new Invariants(truth);
    this.#hosts = hosts;
    for (const { name } of fleet.loadBalancers) this.host(name);
    for (const { desiredCapacityFile: path, desiredCapacity, minSize } of fleet.autoScalingGroups) {
      if (path !== null) this.#files.set(path, new SimFile(`${desiredCapacity ?? minSize}\n`));
    }
    const idBits = random.fork('ids');
    this.ids = { seed: () => hex128(idBits) };
    // A neighbour's machine, never to be touched.
    const neighbour = {
      fleet: 'neighbour',
      provider: 'simulated',
      group: 'web',
      instanceId: 'i-neighbour',
      zone: null,
    };
    this.machines.launch(neighbour, false);
  }

  /** Those that run, or ran. */
  get hosts(): readonly LoadBalancerHost[] {
    return this.#hosts;
  }

  /** Where a load balancer runs; it does not as long as nobody starts it. */
  host(name: string): LoadBalancerHost {
    const known = this.#hosts.find((host) => host.name === name);
    if (known !== undefined) return known;
    const { clock, random, trace, machines, invariants, conditions } = this;
    const own = { name, clock, random: random.fork(name), trace, machines };
    const host = new LoadBalancerHost({ ...own, witness: invariants, conditions: conditions.loadBalancer });
    this.#hosts.push(host);
    return host;
  }

  get database(): DatabaseSync {
    return this.#database;
  }

  /** The next controller begins with an empty store. */
  loseStore(): void {
    this.hasLostStore = true;
    // Who has no records cannot know of what is out of sight.
    for (const machine of this.machines.alive()) if (this.zones.isCut(machine.zone)) machine.hidden = true;
    this.#database.close();
    this.#database = emptyDatabase();
    this.records.clear();
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** A person changes the fleet file. Whether it is applied is another matter. */
  editFleet(edit: FleetEdit): void {
    this.#fleet = applyEdit(this.#fleet, edit);
  }

  restoreFleet(fleet: Fleet): void {
    this.#fleet = fleet;
  }

  /** The file at that path, there or not. */
  file(path: string): SimFile {
    const known = this.#files.get(path) ?? new SimFile(null);
    this.#files.set(path, known);
    return known;
  }

  /** How many servers of a group are in service and answer. */
  serving(group: string): number {
    const serving = this.records.open(group).filter(serves);
    return serving.filter(({ id }) => this.machines.ofInstance(id)?.answering === true).length;
  }

  /** A database that cannot grow is what a full disk is to a store. */
  setDiskFull(full: boolean): void {
    const pages = full ? Number(this.database.prepare('pragma page_count').get()?.page_count ?? 0) : PAGES_WITH_ROOM;
    this.database.exec(`pragma max_page_count = ${pages}`);
  }

  onSleep(sleep: (until: Promise<void>) => void): void {
    this.#onSleep = sleep;
  }

  /** The controller's host stands still while the world goes on. */
  sleepHost(forMs: number): void {
    if (this.#asleep) return;
    this.#asleep = true;
    this.invariants.asleep(forMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSleep(promise);
    this.#wakeHost = () => {
      this.#asleep = false;
      resolve();
    };
    this.clock.plan(forMs, this.#wakeHost);
  }

  /** From now on nothing goes wrong any more. */
  calmDown(): void {
    this.trace.note('world', 'everything calms down');
    calmDown(this.conditions);
    this.setDiskFull(false);
    this.probeReaches = true;
    this.zones.calmDown();
    this.#wakeHost();
    for (const host of this.hosts) {
      host.reachable = true;
      host.reports = 'truth';
      if (host.partitioned) host.setPartitioned(false);
      for (const member of host.members()) host.setFlapping(member, false);
    }
    this.machines.healAll();
    this.measures.calmDown();
  }

  close(): void {
    this.database.close();
  }
}
