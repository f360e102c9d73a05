import type { Clock } from '../ports/clock.ts';
import type { LoadBalancerDriver } from '../ports/load-balancer.ts';
import type { MetricSource } from '../ports/metric-source.ts';
import type { Provider } from '../ports/provider.ts';
import type { Store } from '../ports/store.ts';

/** Every place where a controller waits for the outside can be its last: before a call takes effect, or before its answer. */
export type CrashPoint = `${string}:before` | `${string}:after`;

/** Where a controller is to die: at the `count`-th crash point that it comes to, of all or of one kind. */
export interface CrashPlan {
  readonly at: CrashPoint | null;
  readonly count: number;
}

/** One life of the controller. It sees the world only through ports guarded by this; once it is dead they never answer. */
export class Incarnation {
  #plan: CrashPlan | null;
  readonly #onPoint: (point: CrashPoint) => void;
  readonly #onDeath: (point: CrashPoint) => void;
  #passed = 0;
  #dead = false;

  constructor(options: {
    plan: CrashPlan | null;
    onPoint: (point: CrashPoint) => void;
    onDeath: (point: CrashPoint) => void;
  }) {
    this.#plan = options.plan;
    this.#onPoint = options.onPoint;
    this.#onDeath = options.onDeath;
  }

  get dead(): boolean {
    return this.#dead;
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
      close: () => this.#call('provider.close', () => provider.close()),
    };
  }

  loadBalancer(driver: LoadBalancerDriver): LoadBalancerDriver {
    return {
      apply: (desired, signal) => this.#call('loadBalancer.apply', () => driver.apply(desired, signal)),
      observe: (signal) => this.#call('loadBalancer.observe', () => driver.observe(signal)),
      watch: (onChange) => this.#watch(driver, onChange),
      stop: (signal) => this.#call('loadBalancer.stop', () => driver.stop(signal)),
      close: () => this.#call('loadBalancer.close', () => driver.close()),
    };
  }

  store(store: Store): Store {
    return {
      load: () => this.#call('store.load', () => store.load()),
      commit: (change) => this.#call('store.commit', () => store.commit(change)),
      activities: (query) => this.#call('store.activities', () => store.activities(query)),
      recordSamples: (samples) => this.#call('store.recordSamples', () => store.recordSamples(samples)),
      recordMetrics: (at, samples) => this.#call('store.recordMetrics', () => store.recordMetrics(at, samples)),
      metricHistory: (...query) => this.#call('store.metricHistory', () => store.metricHistory(...query)),
      prune: () => this.#call('store.prune', () => store.prune()),
      close: () => this.#call('store.close', () => store.close()),
    };
  }

  metricSource(source: MetricSource): MetricSource {
    return {
      read: (signal) => this.#call('metricSource.read', () => source.read(signal)),
      watch: (onChange) => this.#watch(source, onChange),
    };
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      sleep: (delayMs, signal) => this.#call('clock.sleep', () => clock.sleep(delayMs, signal)),
    };
  }

  async #call<T>(name: string, call: () => Promise<T>): Promise<T> {
    if (!this.#survives(`${name}:before`)) return never();
    try {
      const answer = await call();
      return this.#survives(`${name}:after`) ? answer : never();
    } catch (error) {
      if (!this.#survives(`${name}:after`)) return never();
      throw error;
    }
  }

  #watch(port: { watch(onChange: () => void): () => void }, onChange: () => void): () => void {
    return port.watch(() => {
      if (!this.#dead) onChange();
    });
  }

  #survives(point: CrashPoint): boolean {
    if (this.#dead) return false;
    this.#onPoint(point);
    if (this.#plan !== null && (this.#plan.at === null || this.#plan.at === point)) {
      this.#passed += 1;
      if (this.#passed === this.#plan.count) {
        this.#dead = true;
        this.#onDeath(point);
        return false;
      }
    }
    return true;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
