import type { Activity } from '../model/activity.ts';
import type { Hold } from '../model/hold.ts';
import type { InstanceId, InstanceStateName } from '../model/instance.ts';
import type { Failure, TargetHealth } from '../model/observation.ts';
import { asFailure } from './errors.ts';

/**
 * What is counted, logged and traced of Drover's own work. Nothing that is decided depends on it, and no call of it fails. It costs a few
 * microseconds for each piece of work, and nothing for each instance.
 */
export interface Telemetry {
  /**
   * Does a piece of work, and measures it; its answer and its error reach the caller as they are. What is begun in it belongs to it, also
   * what goes on when it has ended.
   *
   * @param run gets a way to say that a step of the work has ended, by its name
   */
  measure<T>(work: Work, run: (stepEnded: (step: string) => void) => Promise<T>): Promise<T>;
  /** Counts something that takes no time of its own. */
  count(event: CountedEvent): void;
}

export type Work =
  /** A check of a group: observe, decide, commit, perform. */
  | { readonly kind: 'check'; readonly group: string }
  /** What a decision called for, from its begin to its outcome, with all calls and waits. */
  | {
      readonly kind: 'operation';
      readonly operation: 'launch' | 'terminate' | 'terminationCommand';
      readonly provider: string;
      readonly group: string;
      readonly instanceId: InstanceId;
    }
  | {
      readonly kind: 'providerCall';
      readonly call: 'launch' | 'list' | 'terminate';
      readonly provider: string;
      readonly type: string;
      /** The instance or the machine that it is about; null for all. */
      readonly about: string | null;
    }
  | { readonly kind: 'loadBalancerCall'; readonly call: 'apply' | 'observe' | 'stop'; readonly loadBalancer: string }
  | { readonly kind: 'commit'; readonly activities: readonly Activity[] };

export type CountedEvent =
  /** A call of a provider was held back: it had asked for that, or few calls are left of what it allows. */
  | {
      readonly kind: 'rateLimitWait';
      readonly provider: string;
      readonly cause: 'refusal' | 'budget';
      readonly waitMs: number;
    }
  | {
      readonly kind: 'loadBalancerEvent';
      readonly loadBalancer: string;
      readonly event: 'died' | 'hung' | 'start' | 'reload';
    }
  | { readonly kind: 'haproxyCommands'; readonly loadBalancer: string; readonly commands: number }
  /** A request of the API was answered. `route` is its pattern, never its path: that is the client's to choose. */
  | {
      readonly kind: 'apiRequest';
      readonly method: string;
      readonly route: string;
      readonly status: number;
      readonly durationMs: number;
    }
  /** By how much later than planned the event loop came to a timer. */
  | { readonly kind: 'loopDelay'; readonly delayMs: number };

/** How a piece of work has ended: as it should, by the reaction that its error calls for, called off, or out of time. */
export const WORK_OUTCOMES = [
  'ok',
  'notFound',
  'noCapacity',
  'rateLimited',
  'unauthorized',
  'invalid',
  'transient',
  'unsupported',
  'defect',
  'aborted',
  'timedOut',
] as const;
export type WorkOutcome = (typeof WORK_OUTCOMES)[number];

const OUTCOME_OF_REACTION: Readonly<Record<Failure['reaction'], WorkOutcome>> = {
  NotFound: 'notFound',
  NoCapacity: 'noCapacity',
  RateLimited: 'rateLimited',
  Unauthorized: 'unauthorized',
  Invalid: 'invalid',
  Transient: 'transient',
  Unsupported: 'unsupported',
  Defect: 'defect',
};

export function outcomeOf(error: unknown): WorkOutcome {
  const { reaction, code } = asFailure(error, 0);
  if (code === 'aborted') return 'aborted';
  if (code === 'deadline') return 'timedOut';
  return OUTCOME_OF_REACTION[reaction];
}

/** For whoever wants none: simulations, and tests of other things. */
export const NO_TELEMETRY: Telemetry = {
  measure: (_work, run) => run(() => {}),
  count: () => {},
};

/** What a fleet is like at one moment, in numbers. Those of instances are kept along; to read them costs the same, however many there are. */
export interface FleetNumbers {
  readonly fleetVersion: number;
  readonly defects: number;
  readonly groups: readonly GroupNumbers[];
  readonly providers: readonly { readonly name: string; readonly isSeen: boolean }[];
  readonly loadBalancers: readonly LoadBalancerNumbers[];
}

export interface GroupNumbers {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desired: number;
  /** Of those that are not terminated. */
  readonly instances: ReadonlyMap<InstanceStateName, number>;
  /** Of those in service. */
  readonly unhealthy: number;
  readonly isLaunchSuspended: boolean;
  readonly holds: readonly Hold[];
}

export interface LoadBalancerNumbers {
  readonly name: string;
  readonly isSeen: boolean;
  /** Null before it was observed first. */
  readonly connections: number | null;
  readonly maxConnections: number | null;
  readonly targetGroups: readonly TargetGroupNumbers[];
}

export interface TargetGroupNumbers {
  readonly name: string;
  readonly targets: ReadonlyMap<TargetHealth, number>;
  readonly requestsTotal: number;
  readonly errors5xxTotal: number;
  readonly openRequests: number;
  readonly queuedRequests: number;
}
