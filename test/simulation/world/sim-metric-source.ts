import type { Metric } from '../../../src/model/metric.ts';
import type { MissingCode, Reading } from '../../../src/model/observation.ts';
import type { EpochMs } from '../../../src/model/time.ts';
import { asPortError } from '../../../src/ports/errors.ts';
import type { MetricSource } from '../../../src/ports/metric-source.ts';
import { type CallConditions, simulateCall } from './call.ts';
import type { Measures, MetricTrouble } from './measures.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface MetricConditions {
  readonly read: CallConditions;
  /** How often there is no value. */
  gaps: number;
  /** How often a value is one of before, and bears its time. */
  stale: number;
  /** How often a value is no number that could be. */
  nonsense: number;
}

/** Told of each reading that a controller gets, and of each that it does not get. */
export interface MetricWitness {
  /** A controller begins to read a metric: it knows nothing of it yet. */
  readsAnew(group: string, metric: string): void;
  hasRead(group: string, metric: string, reading: Reading): void;
}

export interface SimMetricOptions {
  readonly metric: Metric;
  readonly measures: Measures;
  /** How many servers of a group are in service and answer. */
  readonly serving: (group: string) => number;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly conditions: MetricConditions;
  readonly witness: MetricWitness;
}

const STALE_BY_MS = [500, 5_000, 120_000, 86_400_000];
const AHEAD_MS = [500, 30_000, 3_600_000];
const NONSENSE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -1e308, 1e308];
const MISSING_CODES: readonly MissingCode[] = ['absent', 'empty', 'notANumber', 'unreadable', 'stale', 'failed'];

/** The settings of a simulated metric: whose load it measures, and whether of all servers together or of each. */
export function measuring(group: string, measure: 'total' | 'average'): Metric['settings'] {
  return { group, measure };
}

/** A metric of the simulated world: the load of a group, or what each of its servers in service has of it. */
export class SimMetricSource implements MetricSource {
  readonly #options: SimMetricOptions;
  readonly #group: string;

  constructor(options: SimMetricOptions) {
    this.#options = options;
    this.#group = String(options.metric.settings.group);
    options.witness.readsAnew(this.#group, options.metric.name);
  }

  async read(signal: AbortSignal): Promise<Reading> {
    const { clock, random, trace, conditions, metric, witness } = this.#options;
    const call = { clock, random, conditions: conditions.read, signal, outlivesCaller: false };
    const fail = (error: unknown): Reading => missing('failed', clock.now(), asPortError(error).message);
    const tell = (reading: Reading): Reading => {
      witness.hasRead(this.#group, metric.name, reading);
      return reading;
    };
    try {
      const onFault = (fault: string): void => trace.note('metric', `${this.#group}/${metric.name} ${fault}`);
      return tell(await simulateCall({ ...call, effect: () => this.#reading(), onFault }));
    } catch (error) {
      const reading = tell(fail(error));
      if (signal.aborted) throw error;
      return reading;
    }
  }

  watch(): () => void {
    return () => {};
  }

  #reading(): Reading {
    const { clock, random, conditions, measures, metric } = this.#options;
    const { trouble } = measures.gauge(this.#group, metric.name);
    const now = clock.now();
    const draw = random.next();
    const { gaps, stale, nonsense } = conditions;
    if (trouble !== null) return this.#troubled(trouble.kind, now - (clock.elapsedMs - trouble.sinceMs));
    if (draw < gaps) return missing(random.pick(MISSING_CODES), now);
    if (draw < gaps + stale) return this.#measured(now - random.pick(STALE_BY_MS));
    if (draw < gaps + stale + nonsense) return { kind: 'value', value: random.pick(NONSENSE), at: now };
    return this.#measured(now);
  }

  #troubled(kind: MetricTrouble, since: EpochMs): Reading {
    const { clock, random } = this.#options;
    switch (kind) {
      case 'missing':
        return missing(random.pick(MISSING_CODES), clock.now());
      case 'stuck':
        return this.#measured(since);
      case 'ahead':
        return this.#measured(clock.now() + random.pick(AHEAD_MS));
      case 'nonsense':
        return { kind: 'value', value: random.pick(NONSENSE), at: random.pick([clock.now(), Number.NaN]) };
    }
  }

  /** The value as it was then, told now. */
  #measured(at: EpochMs): Reading {
    const { measures, serving, clock, metric } = this.#options;
    const agoMs = Math.max(0, clock.now() - at);
    const total = measures.load(this.#group).at(Math.max(0, clock.elapsedMs - agoMs));
    if (metric.settings.measure === 'total') return { kind: 'value', value: total, at };
    const servers = serving(this.#group);
    if (servers === 0) return missing('absent', clock.now(), 'no server is in service');
    return { kind: 'value', value: total / servers, at, over: servers };
  }
}

function missing(code: MissingCode, at: EpochMs, detail = 'there is no value'): Reading {
  return { kind: 'missing', code, detail, at };
}
