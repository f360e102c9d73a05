import { Controller } from '../../../src/control/controller.ts';
import type { ControllerOptions } from '../../../src/control/controller-options.ts';
import type { FleetConfiguration } from '../../../src/control/fleet-configuration.ts';
import { NOTHING_SHOWN } from '../../../src/fleet/facts.ts';
import { isSameProvider } from '../../../src/fleet/providers.ts';
import type { Fleet } from '../../../src/model/fleet.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { PortError } from '../../../src/ports/errors.ts';
import type { LoadBalancerDriver } from '../../../src/ports/load-balancer.ts';
import type { ProviderCapabilities } from '../../../src/ports/provider.ts';
import type { Store } from '../../../src/ports/store.ts';
import { NO_TELEMETRY } from '../../../src/ports/telemetry.ts';
import { openSqliteStore } from '../../../src/store/sqlite.ts';
import { DrawnDefect } from './call.ts';
import { type CrashPlan, Incarnation } from './crash.ts';
import type { CountedPoint } from './crash-points.ts';
import { recordPast } from './past.ts';
import { simulatedCommands } from './sim-command.ts';
import { SimDesiredFile } from './sim-desired-file.ts';
import { SimLoadBalancer } from './sim-load-balancer.ts';
import { SimMetricSource } from './sim-metric-source.ts';
import { SimProbe } from './sim-probe.ts';
import { SimProvider } from './sim-provider.ts';
import { simulatedStore } from './sim-store.ts';
import type { World } from './world.ts';

/** What the simulation asks of a controller. */
export type SimulatedController = Pick<
  Controller,
  | 'start'
  | 'stop'
  | 'finished'
  | 'setDesiredCapacity'
  | 'drainInstance'
  | 'terminateInstance'
  | 'resumeLaunch'
  | 'suspendProcesses'
  | 'resumeProcesses'
  | 'down'
> & { readonly configuration: Pick<FleetConfiguration, 'reload'> };

export type ControllerFactory = (options: ControllerOptions) => SimulatedController;

/** The real one. */
export const droverController: ControllerFactory = (options) => new Controller(options);

const CAPABILITIES: ProviderCapabilities = {
  listIntervalMs: 1_000,
  listGapMs: 50,
  listLagMs: 5_000,
  concurrentOperations: 10,
  terminateTimeoutMs: 120_000,
  ports: 'direct',
  zones: [],
  instanceTypes: false,
};

export interface SessionOptions {
  readonly world: World;
  readonly factory: ControllerFactory;
  readonly onPoint: (point: CountedPoint) => void;
  /** The controller has died; whoever runs the simulation starts another one. */
  readonly onDeath: (point: CountedPoint) => void;
  /** The controller has brought the fleet down, as it was asked to. */
  readonly onDown: () => void;
}

/** The controllers of one run, one after the other, over the same world and the same database. */
export class Session {
  #wanted: 'up' | 'down' = 'up';
  readonly #options: SessionOptions;
  #incarnation: Incarnation | null = null;
  #controller: SimulatedController | null = null;
  #stopping = false;
  #lives = 0;
  #drivers: { abandon(): void }[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    options.world.onSleep((until) => this.#incarnation?.sleep(until));
  }

  /** The controller that runs; null while there is none, and while its host sleeps. */
  get controller(): SimulatedController | null {
    return this.#incarnation?.asleep === true ? null : this.#controller;
  }

  /** What people want of the fleet: a controller that dies on the way down is started to go on with it. */
  get wanted(): 'up' | 'down' {
    return this.#wanted;
  }

  set wanted(wanted: 'up' | 'down') {
    this.#wanted = wanted;
    this.#options.world.invariants.goesDown = wanted === 'down';
  }

  /**
   * Starts a controller that will die as planned.
   *
   * @throws PortError, ServiceError when it cannot start; it is gone then
   */
  async start(plan: CrashPlan | null): Promise<void> {
    const { world, factory, onPoint, onDeath, onDown } = this.#options;
    this.#lives += 1;
    world.trace.note('runner', `starts controller ${this.#lives}${this.wanted === 'down' ? ' to bring it down' : ''}`);
    const incarnation = new Incarnation({
      clock: world.clock,
      plan,
      records: world.records,
      onPoint,
      onDeath: (point) => {
        world.trace.note('runner', `controller ${this.#lives} dies at ${point}`);
        this.#bury();
        onDeath(point);
      },
    });
    this.#incarnation = incarnation;
    this.#stopping = false;
    const { fleet } = world;
    try {
      const store = await openSqliteStore({ database: world.database });
      if (this.#lives === 1) await recordPast(store, fleet, world.random.fork('past'));
      world.invariants.opened(await store.load());
      const controller = factory(this.#controllerOptions(incarnation, store, fleet));
      this.#controller = controller;
      await controller.start();
      void controller.finished.then(() => {
        if (!incarnation.dead && !this.#stopping) onDown();
      });
    } catch (error) {
      incarnation.kill();
      this.#bury();
      throw error;
    }
  }

  /** Lets the controller end as a person would, by asking it. */
  async stop(): Promise<void> {
    const controller = this.#controller;
    const incarnation = this.#incarnation;
    if (controller === null) return;
    this.#stopping = true;
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
  }

  #bury(): void {
    for (const driver of this.#drivers) driver.abandon();
    this.#drivers = [];
    this.#controller = null;
  }

  #controllerOptions(incarnation: Incarnation, store: Store, fleet: Fleet): ControllerOptions {
    const { world } = this.#options;
    const { conditions, clock, machines, records, invariants, ids, trace, random } = world;
    const life = random.fork(`life ${this.#lives}`);
    const common = { clock, trace };
    const machinesOf = {
      fleet: fleet.name,
      machines,
      zones: world.zones,
      conditions: conditions.provider,
      witness: invariants,
    };
    const loadBalancer = (name: string): LoadBalancerDriver => {
      const own = { host: world.host(name), conditions: conditions.loadBalancer, random: life.fork(name) };
      const driver = new SimLoadBalancer({ ...common, ...own, onObserved: () => invariants.observed(name) });
      this.#drivers.push(driver);
      return incarnation.loadBalancer(driver);
    };
    const probe = new SimProbe({
      ...common,
      machines,
      conditions: conditions.probe,
      random: life.fork('probe'),
      reaches: () => world.probeReaches,
      onAnswer: (endpoint, answer) => invariants.probed(endpoint, answer),
    });
    const files = { ...common, conditions: conditions.file };
    this.#drivers = [];
    const recording = simulatedStore({
      store,
      trace,
      random: life.fork('store'),
      conditions: conditions.store,
      onCommit: (change) => {
        invariants.committing(change);
        records.apply(change);
        const { fleetVersion } = change;
        if (fleetVersion !== undefined) invariants.inForce.recorded(fleetIn(fleetVersion.document.content));
      },
      onRefused: (change) => invariants.refused(change),
    });
    const opening = life.fork('opening');
    const provider: ControllerOptions['provider'] = ({ name }) => {
      if (opening.chance(conditions.provider.failsToOpen))
        throw new PortError('Transient', 'notOpened', `provider ${name} cannot be opened`);
      const opened = new SimProvider({ ...common, ...machinesOf, name, random: life.fork(`provider ${name}`) });
      this.#drivers.push(opened);
      const capabilities = { ...CAPABILITIES, zones: world.zones.names, instanceTypes: true };
      return { provider: incarnation.provider(opened), capabilities };
    };
    return {
      source: {
        kind: 'file',
        path: '/simulated/fleet.yaml',
        read: incarnation.fleetFile(async () => described(world.fleet)),
      },
      documents: { read: ({ content }) => fleetIn(content), shown: (document) => document },
      shownSettings: NOTHING_SHOWN,
      store: incarnation.store(recording),
      provider,
      keepsMachines: isSameProvider,
      loadBalancer,
      existingLoadBalancers: async () => world.hosts.filter(({ disk }) => disk !== null).map(({ name }) => name),
      desiredFile: (path) =>
        incarnation.metricSource(new SimDesiredFile({ ...files, file: world.file(path), random: life.fork(path) })),
      metricSource: (metric) => {
        const own = { metric, random: life.fork(`metric ${JSON.stringify(metric)}`), conditions: conditions.metrics };
        const serving = (group: string): number => world.serving(group);
        const measured = { measures: world.measures, serving, witness: invariants };
        return incarnation.metricSource(new SimMetricSource({ ...common, ...own, ...measured }));
      },
      notifier: () => {
        throw new Error('no fleet of the simulation has notifications');
      },
      probe: incarnation.probe(probe),
      telemetry: NO_TELEMETRY,
      commands: incarnation.commands(
        simulatedCommands({
          ...common,
          conditions: conditions.commands,
          random: life.fork('commands'),
          onRun: (id) => invariants.commandRun(id),
        }),
      ),
      clock: incarnation.clock(clock),
      ids,
      mode: this.wanted,
      about: { version: 'simulated', pid: this.#lives, dataDir: '' },
      onProblem: (message) => {
        if (message.includes('has stopped')) invariants.violate('noError', message);
        else trace.note('drover', `problem: ${message}`);
      },
      onDefect: (where, error) => {
        if (error instanceof DrawnDefect) trace.note('drover', `error in Drover itself: ${where}`);
        else invariants.violate('noError', `${where}: ${error instanceof Error ? error.stack : error}`);
      },
      onUnannounced: (found) => invariants.violate('eventsAnnounce', found),
    };
  }
}

/** A document of a simulated fleet is the fleet itself. */
function described(fleet: Fleet) {
  return {
    fleet,
    document: { content: { fleet: fleet.name, described: JSON.stringify(fleet) }, baseDir: '/simulated' },
  };
}

function fleetIn({ described: text }: JsonObject): Fleet {
  return JSON.parse(String(text)) as Fleet;
}
