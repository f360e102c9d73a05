import type { z } from 'zod';
import type { InstanceId } from '../model/instance.ts';
import type { JsonObject } from '../model/json.ts';
import type { LoadBalancerObservation, Reading } from '../model/observation.ts';
import type { Clock, Moment } from './clock.ts';

/**
 * A number from outside. A reading that cannot be trusted is *missing*, never zero; `read` throws nothing but what its signal's
 * abort brings about, and a failure is a missing reading with the reason.
 */
export interface MetricSource {
  read(signal: AbortSignal): Promise<Reading>;
  /** Calls back when a new reading is worth while. Returns the way to stop. */
  watch(onChange: () => void): () => void;
}

/** One kind of source: an entry of `metrics/registry.ts`. */
export interface MetricSourceType {
  readonly name: string;
  /** Validates a metric's settings; its descriptions become help texts. Relative paths are resolved against `baseDir`. */
  settingsSchema(baseDir: string): z.ZodType<JsonObject>;
  create(context: MetricContext): MetricSource;
}

/** What a source may observe beside the outside world. */
export interface MetricContext {
  /** Valid by the source's own schema. */
  readonly settings: JsonObject;
  readonly clock: Clock;
  /** The newest observation of each of the fleet's load balancers. */
  readonly observations: () => readonly Observed[];
  /** The group's servers that are in service. */
  readonly servers: () => readonly MeasuredServer[];
  /** Whether an instance is one of the group's, whatever its state. A target group may have targets of several groups. */
  readonly isOwn: (id: InstanceId) => boolean;
}

/** An observation, and when it was asked for. */
export interface Observed extends Moment {
  readonly observation: LoadBalancerObservation;
}

export interface MeasuredServer {
  readonly instanceId: InstanceId;
  readonly address: string | null;
  /** The process, where it is one of this host. */
  readonly pid: number | null;
  /** Whether its warm-up is over. */
  readonly isWarm: boolean;
}
