import type { Clock } from '../../../src/ports/clock.ts';
import type { CommandRunner } from '../../../src/ports/command.ts';
import type { LoadBalancerDriver } from '../../../src/ports/load-balancer.ts';
import type { MetricSource } from '../../../src/ports/metric-source.ts';
import type { Probe } from '../../../src/ports/probe.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import type { Change, Store } from '../../../src/ports/store.ts';
import {
  type CountedPoint,
  type CrashPoint,
  commitCall,
  countedPoint,
  kindOfCommit,
  type PortCall,
  type Side,
} from './crash-points.ts';
import type { Records } from './records.ts';

export type { CrashPoint } from './crash-points.ts';

/** Where a controller is to die: at the `count`-th crash point that it comes to, of all or of one call. */
export interface CrashPlan {
  readonly at: CrashPoint | null;
  readonly count: number;
}

/** After so many crash points a controller has found its way back to where the one before it was. */
const STARTING_POINTS = 60;

export interface IncarnationOptions {
  readonly clock: Clock;
  readonly plan: CrashPlan | null;
  readonly records: Records;
  readonly onPoint: (point: CountedPoint) => void;
  readonly onDeath: (point: CountedPoint) => void;
}

/** One life of the controller. It sees the world only through ports guarded by this; once it is dead they never answer. */
export class Incarnation {
  readonly #options: IncarnationOptions;
  #plan: CrashPlan | null;
  #passed = 0;
  #points = 0;
  #dead = false;
  #asleep: Promise<void> | null = null;
  #sleptMs = 0;

  constructor(options: IncarnationOptions) {
    this.#options = options;
    this.#plan = options.plan;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Whether its host sleeps. */
  get asleep(): boolean {
    return this.#asleep !== null;
  }

  /** Nothing of it runs until then; what was due meanwhile is late, and its steady clock has stood still. */
  sleep(until: Promise<void>): void {
    const { clock } = this.#options;
    const sinceMs = clock.steadyMs();
    const asleep = until.then(() => {
      this.#sleptMs += clock.steadyMs() - sinceMs;
      if (this.#asleep === asleep) this.#asleep = null;
    });
    this.#asleep = asleep;
  }

  /** Lets it live. */
  spare(): void {
    this.#plan = null;
  }

  /** Ends it wherever it is. */
  kill(): void {
    this.#dead = true;
  }

  provider(provider: Provider): Provider {
    return {
      launch: (request, signal) => this.#call('provider.launch', () => provider.launch(request, signal)),
      list: (signal) => this.#call('provider.list', () => provider.list(signal)),
      terminate: (id, signal) => this.#call('provider.terminate', () => provider.terminate(id, signal)),
      watch: (onChange) => this.#watch(provider, onChange),
      close: () => provider.close(),
    };
  }

  loadBalancer(driver: LoadBalancerDriver): LoadBalancerDriver {
    return {
      apply: (desired, announce, signal) =>
        this.#call('loadBalancer.apply', () => driver.apply(desired, announce, signal)),
      observe: (signal) => this.#call('loadBalancer.observe', () => driver.observe(signal)),
      watch: (onChange) => this.#watch(driver, onChange),
      stop: (signal) => this.#call('loadBalancer.stop', () => driver.stop(signal)),
      close: () => driver.close(),
    };
  }

  store(store: Store): Store {
    const named = (change: Change): string => commitCall(kindOfCommit(change, this.#options.records));
    return {
      load: () => this.#call('store.load', () => store.load()),
      commit: (change) => this.#call('store.commit', () => store.commit(change), named(change)),
      activities: (query) => store.activities(query),
      recordSamples: (samples) => this.#call('store.recordSamples', () => store.recordSamples(samples)),
      recordMetrics: (at, samples) => this.#call('store.recordMetrics', () => store.recordMetrics(at, samples)),
      metricHistory: (...query) => this.#call('store.metricHistory', () => store.metricHistory(...query)),
      trafficHistory: (...query) => store.trafficHistory(...query),
      capacityHistory: (...query) => store.capacityHistory(...query),
      fleetVersions: () => store.fleetVersions(),
      fleetVersion: (number) => this.#call('store.fleetVersion', () => store.fleetVersion(number)),
      notificationCursors: () => store.notificationCursors(),
      prune: (keep) => this.#call('store.prune', () => store.prune(keep)),
      close: () => store.close(),
    };
  }

  commands(commands: CommandRunner): CommandRunner {
    return { run: (...call) => this.#call('command.run', () => commands.run(...call)) };
  }

  metricSource(source: MetricSource): MetricSource {
    return {
      read: (signal) => this.#call('metricSource.read', () => source.read(signal)),
      watch: (onChange) => this.#watch(source, onChange),
    };
  }

  probe(probe: Probe): Probe {
    return {
      check: (endpoint, healthCheck, signal) =>
        this.#call('probe.check', () => probe.check(endpoint, healthCheck, signal)),
    };
  }

  fleetFile<T>(load: () => Promise<T>): () => Promise<T> {
    return () => this.#call('fleet.load', load);
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      steadyMs: () => clock.steadyMs() - this.#sleptMs,
      sleep: (delayMs, signal) => this.#call('clock.sleep', () => clock.sleep(delayMs, signal)),
    };
  }

  async #call<T>(call: PortCall, run: () => Promise<T>, name: string = call): Promise<T> {
    if (!this.#survives(call, 'before', name)) return never();
    try {
      const answer = await run();
      while (this.#asleep !== null) await this.#asleep;
      return this.#survives(call, 'after', name) ? answer : never();
    } catch (error) {
      while (this.#asleep !== null) await this.#asleep;
      if (!this.#survives(call, 'after', name)) return never();
      throw error;
    }
  }

  #watch(port: { watch(onChange: () => void): () => void }, onChange: () => void): () => void {
    return port.watch(() => {
      if (this.#dead) return;
      if (this.#asleep === null) onChange();
      else void this.#asleep.then(() => (this.#dead ? undefined : onChange()));
    });
  }

  #survives(call: PortCall, side: Side, name: string): boolean {
    if (this.#dead) return false;
    this.#points += 1;
    const point = countedPoint(name, side, this.#points <= STARTING_POINTS ? 'starting' : 'running');
    this.#options.onPoint(point);
    const plan = this.#plan;
    if (plan === null || (plan.at !== null && plan.at !== `${call}:${side}`)) return true;
    this.#passed += 1;
    if (this.#passed < plan.count) return true;
    this.#dead = true;
    this.#options.onDeath(point);
    return false;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
