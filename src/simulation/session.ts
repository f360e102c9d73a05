import { DatabaseSync } from 'node:sqlite';
import { Controller } from '../control/controller.ts';
import type { ControllerOptions } from '../control/controller-options.ts';
import type { ProviderCapabilities } from '../ports/provider.ts';
import type { Store } from '../ports/store.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { type CrashPlan, type CrashPoint, Incarnation } from './crash.ts';
import { recordingStore } from './records.ts';
import { SimDesiredFile } from './sim-desired-file.ts';
import { SimLoadBalancer } from './sim-load-balancer.ts';
import { SimProvider } from './sim-provider.ts';
import type { World } from './world.ts';

/** What the simulation asks of a controller. */
export type SimulatedController = Pick<
  Controller,
  'start' | 'stop' | 'setDesiredCapacity' | 'drainInstance' | 'terminateInstance' | 'resumeLaunch'
>;

export type ControllerFactory = (options: ControllerOptions) => SimulatedController;

/** The real one. */
export const droverController: ControllerFactory = (options) => new Controller(options);

const CAPABILITIES: ProviderCapabilities = { listIntervalMs: 1_000, listLagMs: 5_000, concurrentOperations: 10 };

export interface SessionOptions {
  readonly world: World;
  readonly factory: ControllerFactory;
  readonly onPoint: (point: CrashPoint) => void;
  /** The controller has died; whoever runs the simulation starts another one. */
  readonly onDeath: (point: CrashPoint) => void;
}

/** The controllers of one run, one after the other, over the same world and the same database. */
export class Session {
  readonly #options: SessionOptions;
  readonly #database = new DatabaseSync(':memory:');
  #incarnation: Incarnation | null = null;
  #controller: SimulatedController | null = null;
  #lives = 0;
  #drivers: { abandon(): void }[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The controller that runs; null while there is none. */
  get controller(): SimulatedController | null {
    return this.#controller;
  }

  /** Starts a controller that will die as planned. */
  async start(plan: CrashPlan | null): Promise<void> {
    const { world, factory, onPoint, onDeath } = this.#options;
    this.#lives += 1;
    world.trace.note('runner', `starts controller ${this.#lives}`);
    const incarnation = new Incarnation({
      plan,
      onPoint,
      onDeath: (point) => {
        world.trace.note('runner', `controller ${this.#lives} dies at ${point}`);
        this.#bury();
        onDeath(point);
      },
    });
    this.#incarnation = incarnation;
    const store = await openSqliteStore({ database: this.#database });
    const controller = factory(this.#controllerOptions(incarnation, store));
    this.#controller = controller;
    await controller.start();
  }

  /** Lets the controller end as a person would, by asking it. */
  async stop(): Promise<void> {
    const controller = this.#controller;
    const incarnation = this.#incarnation;
    if (controller === null) return;
    this.#options.world.trace.note('runner', `stops controller ${this.#lives}`);
    await controller.stop();
    if (incarnation?.dead !== false || this.#incarnation !== incarnation) return;
    incarnation.kill();
    this.#bury();
  }

  /** The controller that runs dies of nothing any more. */
  spare(): void {
    this.#incarnation?.spare();
  }

  close(): void {
    this.#incarnation?.kill();
    this.#bury();
    this.#database.close();
  }

  #bury(): void {
    for (const driver of this.#drivers) driver.abandon();
    this.#drivers = [];
    this.#controller = null;
  }

  #controllerOptions(incarnation: Incarnation, store: Store): ControllerOptions {
    const { scenario, clock, machines, hosts, files, records, invariants, ids, trace, random } = this.#options.world;
    const { fleet, conditions } = scenario;
    const life = random.fork(`life ${this.#lives}`);
    const common = { clock, trace };
    const machinesOf = { fleet: fleet.name, machines, conditions: conditions.provider, witness: invariants };
    const provider = new SimProvider({ ...common, ...machinesOf, random: life.fork('provider') });
    const balancers = new Map(
      hosts.map((host) => {
        const own = { host, conditions: conditions.loadBalancer, random: life.fork(host.name) };
        return [host.name, new SimLoadBalancer({ ...common, ...own })];
      }),
    );
    const sources = new Map(
      [...files].map(([path, file]) => {
        const own = { file, conditions: conditions.file, random: life.fork(path) };
        return [path, new SimDesiredFile({ ...common, ...own })];
      }),
    );
    this.#drivers = [provider, ...balancers.values()];
    const recording = recordingStore(store, (change) => {
      invariants.committing(change);
      records.apply(change);
    });
    const guarded = { provider: incarnation.provider(provider), capabilities: CAPABILITIES };
    return {
      fleet,
      loadFleet: () => Promise.resolve(fleet),
      store: incarnation.store(recording),
      provider: () => guarded,
      loadBalancer: (name) => incarnation.loadBalancer(known(balancers, name)),
      desiredFile: (path) => incarnation.metricSource(known(sources, path)),
      clock: incarnation.clock(clock),
      ids,
      mode: 'up',
      about: { version: 'simulated', pid: this.#lives, fleetFile: '', dataDir: '' },
      onProblem: (message) => {
        if (message.includes('has stopped')) invariants.violate('noError', message);
        else trace.note('drover', `problem: ${message}`);
      },
    };
  }
}

function known<T>(items: ReadonlyMap<string, T>, name: string): T {
  const item = items.get(name);
  if (item === undefined) throw new Error(`the simulation has no ${name}`);
  return item;
}
