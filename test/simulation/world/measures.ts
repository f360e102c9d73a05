import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What one server is made for, in the units that loads are told in: policies and thresholds are drawn around it. */
export const LOAD_OF_A_SERVER = 100;
/** The load of a group when the world begins, in servers. */
const FIRST_LOAD_MAX = 6;

/** What becomes of a group's load. */
export type LoadChange =
  | { readonly kind: 'jump'; readonly to: number }
  | { readonly kind: 'ramp'; readonly to: number; readonly overMs: number }
  /** To there and back, again and again. */
  | { readonly kind: 'swing'; readonly to: number; readonly periodMs: number };

/** What users ask of a group, however many servers it has. */
export class SimLoad {
  #at: (elapsedMs: number) => number;

  constructor(level: number) {
    this.#at = () => level;
  }

  at(elapsedMs: number): number {
    return this.#at(elapsedMs);
  }

  change(change: LoadChange, nowMs: number): void {
    const from = this.#at(nowMs);
    const by = change.to - from;
    switch (change.kind) {
      case 'jump':
        this.#at = () => change.to;
        return;
      case 'ramp':
        this.#at = (elapsedMs) => from + by * Math.min(1, Math.max(0, (elapsedMs - nowMs) / change.overMs));
        return;
      case 'swing':
        this.#at = (elapsedMs) => from + by * swing((elapsedMs - nowMs) / change.periodMs);
    }
  }

  /** It stays as it is now. */
  hold(nowMs: number): void {
    this.change({ kind: 'jump', to: this.#at(nowMs) }, nowMs);
  }
}

/** From 0 to 1 and back in each period. */
function swing(periods: number): number {
  return (1 - Math.cos(2 * Math.PI * periods)) / 2;
}

/**
 * What keeps a metric from being read as it is: `missing`, there is no value; `stuck`, it is the one of when that began and bears
 * its time; `nonsense`, it is no number that could be; `ahead`, it bears a time that is yet to come.
 */
export const METRIC_TROUBLES = ['missing', 'stuck', 'nonsense', 'ahead'] as const;
export type MetricTrouble = (typeof METRIC_TROUBLES)[number];

/** Where one metric of a group is read. */
export interface Gauge {
  trouble: { readonly kind: MetricTrouble; readonly sinceMs: number } | null;
}

/** All that can be measured of the simulated world. It outlives every controller. */
export class Measures {
  readonly #random: Random;
  readonly #clock: VirtualClock;
  readonly #loads = new Map<string, SimLoad>();
  readonly #gauges = new Map<string, Gauge>();

  constructor(random: Random, clock: VirtualClock) {
    this.#random = random;
    this.#clock = clock;
  }

  load(group: string): SimLoad {
    const first = LOAD_OF_A_SERVER * FIRST_LOAD_MAX * this.#random.fork(group).next();
    const load = this.#loads.get(group) ?? new SimLoad(first);
    this.#loads.set(group, load);
    return load;
  }

  gauge(group: string, metric: string): Gauge {
    const key = `${group}/${metric}`;
    const gauge = this.#gauges.get(key) ?? { trouble: null };
    this.#gauges.set(key, gauge);
    return gauge;
  }

  /** Loads stay as they are, and can be read. */
  calmDown(): void {
    for (const load of this.#loads.values()) load.hold(this.#clock.elapsedMs);
    for (const gauge of this.#gauges.values()) gauge.trouble = null;
  }
}
