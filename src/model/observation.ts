/** What was seen of the world: the input of every decision. */

import type { Listener } from './fleet.ts';
import type { InstanceId, MachineAddresses } from './instance.ts';
import type { EpochMs } from './time.ts';

/** One machine as its provider lists it. */
export interface Machine extends MachineAddresses {
  /** The provider's own id: what `terminate` takes. */
  readonly id: string;
  readonly instanceId: InstanceId;
  readonly group: string;
  readonly state: 'pending' | 'running' | 'stopped';
  readonly launchedAt: EpochMs;
  /** Where it is, of its provider's zones; null where there is one place only. */
  readonly zone: string | null;
  /** For a person: `pid 4711 exited`, `crashed`; empty when there is nothing to say. */
  readonly detail: string;
  /** Of a provider that tries to bring a failed server back before it is replaced: that it would, or what it does now. */
  readonly repair?: MachineRepair | 'possible';
}

/** What a provider does now to bring a failed server back. */
export interface MachineRepair {
  /** `wait`: whether it comes back by itself. */
  readonly step: 'wait' | 'restart' | 'reset';
  /** What has failed. */
  readonly why: string;
  /** When it is over at the latest. */
  readonly until: EpochMs;
}

export interface LoadBalancerObservation {
  readonly at: EpochMs;
  readonly version: string;
  /**
   * What could not be asked for its part of the traffic, so that gauges and counters are too low; null when nothing is missing.
   * No policy acts on a part.
   */
  readonly partial: string | null;
  /** Processes that finish what was open when their configuration was replaced. */
  readonly oldWorkers: OldWorkersObservation;
  readonly limits: LimitsObservation;
  /** Where it listens, as in the configuration that is in force. */
  readonly listeners: readonly Pick<Listener, 'address' | 'port' | 'targetGroup'>[];
  readonly targetGroups: readonly TargetGroupObservation[];
}

/** How near a load balancer is to its limits, and what they have cost. */
export interface LimitsObservation {
  /** Client connections of the listener that has the most of them. */
  readonly connections: number;
  /** The most that a listener takes: further ones wait. */
  readonly maxConnections: number;
  /** Requests that a limit has ended, at least so many since it was first observed. */
  readonly cutTotal: Readonly<Record<CutBy, number>>;
}

/**
 * What ended a request before its time. `requestHead`: it was no HTTP, or its head was larger than `maxHeaderSize`; `answerHead`: the
 * same of a server's answer.
 */
export const CUT_BY = ['idleTimeout', 'queueTimeout', 'requestHead', 'answerHead'] as const;
export type CutBy = (typeof CUT_BY)[number];

export interface OldWorkersObservation {
  readonly count: number;
  readonly openRequests: number;
  /** Cut since the controller was started, because `hardStopAfter` was over. */
  readonly cutRequests: number;
}

/** Of a load balancer with one process that has reported all of it, without limits or listeners. */
export const WHOLE_TRAFFIC = {
  partial: null,
  oldWorkers: { count: 0, openRequests: 0, cutRequests: 0 },
  limits: {
    connections: 0,
    maxConnections: Number.MAX_SAFE_INTEGER,
    cutTotal: { idleTimeout: 0, queueTimeout: 0, requestHead: 0, answerHead: 0 },
  },
  listeners: [],
} as const satisfies Partial<LoadBalancerObservation>;

export interface TargetGroupObservation {
  readonly name: string;
  readonly traffic: Traffic;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly instanceId: InstanceId;
  readonly health: TargetHealth;
  /** For a person: why its check fails (`connection refused (L4CON)`, `answered 503 (L7STS)`); empty when there is nothing to say. */
  readonly detail: string;
  /** How many observations in a row found a draining target without open or queued requests; 0 for any other. */
  readonly idleObservations: number;
  readonly traffic: Traffic;
}

/**
 * AWS's names. `initial`: no check has decided yet. `unavailable`: in maintenance, on its way out, or not checked.
 * A draining target is `draining` whatever its checks say.
 */
export type TargetHealth = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unavailable';

/**
 * Gauges, and counters since it was first observed; of all processes of the load balancer together. Counters do not fall when it is
 * reloaded or started again.
 */
export interface Traffic {
  readonly openRequests: number;
  readonly queuedRequests: number;
  /** Requests that have begun, answered or not. */
  readonly requestsTotal: number;
  /** Requests that have ended: what errors are a share of. */
  readonly responsesTotal: number;
  readonly errors5xxTotal: number;
  /** Connections that could not be made. */
  readonly connectionErrorsTotal: number;
  /** Answers that never came, broke off or were none. */
  readonly responseErrorsTotal: number;
  /** Tries that were repeated, on the same server or on another one. */
  readonly retriesTotal: number;
  /** Mean of the last 512 requests; of those of each process where several answer. */
  readonly responseTimeMs: number;
}

export const NO_TRAFFIC: Traffic = {
  openRequests: 0,
  queuedRequests: 0,
  requestsTotal: 0,
  responsesTotal: 0,
  errors5xxTotal: 0,
  connectionErrorsTotal: 0,
  responseErrorsTotal: 0,
  retriesTotal: 0,
  responseTimeMs: 0,
};

/** A number from outside. A reading that cannot be trusted is *missing*, never zero. */
export type Reading =
  | {
      readonly kind: 'value';
      readonly value: number;
      readonly at: EpochMs;
      /** Of how many of the group's servers it is the average, where its source knows. */
      readonly over?: number;
    }
  | { readonly kind: 'missing'; readonly code: MissingCode; readonly detail: string; readonly at: EpochMs };

export type MissingCode = 'absent' | 'noServers' | 'empty' | 'notANumber' | 'unreadable' | 'stale' | 'failed';

/**
 * What the caller should do about an error of a port:
 * - `NotFound`: it is gone; for an ending that is success.
 * - `NoCapacity`: the provider is full; try again later, or elsewhere.
 * - `RateLimited`: wait for `retryAfterMs`.
 * - `Unauthorized`: a person has to mend the credentials.
 * - `Invalid`: what was asked for can never work; a person has to change the fleet file.
 * - `Transient`: the same call may work in a moment. It may also have taken effect.
 * - `Unsupported`: this implementation cannot do that at all.
 */
export type Reaction =
  | 'NotFound'
  | 'NoCapacity'
  | 'RateLimited'
  | 'Unauthorized'
  | 'Invalid'
  | 'Transient'
  | 'Unsupported';

/**
 * An error as data: of a port, with the reaction that it calls for; or `Defect`, a programming error of Drover's own. What that hit stands
 * still, and is tried again after a while, because what led to it may be over.
 */
export interface Failure {
  readonly reaction: Reaction | 'Defect';
  readonly code: string;
  readonly message: string;
  readonly at: EpochMs;
  readonly retryAfterMs: number | null;
}
