/**
 * What a fleet file describes, after validation: durations in milliseconds, paths absolute, defaults filled in.
 * The words are those of AWS Elastic Load Balancing and EC2 Auto Scaling.
 */

import type { JsonObject } from './json.ts';
import type { Metric } from './metric.ts';
import type { NotificationDestination } from './notification.ts';
import type { ScalingPolicy, ScheduledAction } from './scaling-policy.ts';

export interface Fleet {
  /** Part of every machine's tags: two fleets on one provider never touch each other's machines. */
  readonly name: string;
  /** Those that the fleet file names. A type that needs no settings is used by its own name, without an entry here. */
  readonly providers: readonly ProviderInstance[];
  readonly loadBalancers: readonly LoadBalancer[];
  readonly targetGroups: readonly TargetGroup[];
  readonly autoScalingGroups: readonly AutoScalingGroup[];
  /** Who hears of what Drover does. */
  readonly notifications: readonly NotificationDestination[];
  readonly history: History;
}

/** How much of the past is kept, in rows; the oldest goes first. */
export interface History {
  readonly activityRows: number;
  /** For each of traffic, health and metrics. */
  readonly sampleRows: number;
  readonly terminatedInstanceRows: number;
}

export const DEFAULT_HISTORY: History = {
  activityRows: 100_000,
  sampleRows: 200_000,
  terminatedInstanceRows: 10_000,
};

/** Before the first version of a fleet. */
export const NO_FLEET: Fleet = {
  name: '',
  providers: [],
  loadBalancers: [],
  targetGroups: [],
  autoScalingGroups: [],
  notifications: [],
  history: DEFAULT_HISTORY,
};

/** How the types of providers from npm packages begin: the package's name follows. */
export const PACKAGE_TYPE = 'npm:';

/** Where servers come from: one account, region, engine or host of a type. */
export interface ProviderInstance {
  /** What launch templates, and the records of the servers that came from it, call it. */
  readonly name: string;
  /** The type's name in `providers/registry.ts`: `process`, or `npm:` and the name of a package. */
  readonly type: string;
  /** The type's own settings, validated by its schema. Credentials are named in them, never held. */
  readonly settings: JsonObject;
}

/** One HAProxy. */
export interface LoadBalancer {
  readonly name: string;
  readonly listeners: readonly Listener[];
  readonly statsPage: StatsPage | null;
  /** How long nothing may come, from the client or from the server, before a request is cut. */
  readonly idleTimeoutMs: number;
  /** The largest head of a request or an answer: its first line and all of its headers. */
  readonly maxHeaderBytes: number;
  /** The most client connections of each listener; fewer where the limit of open files allows no more. */
  readonly maxConnections: number;
  /** HAProxy's threads; null for one for each core. */
  readonly threads: number | null;
  /** The user of the host that HAProxy's workers run as; null for Drover's own. */
  readonly user: string | null;
  /** The longest that an old process may still finish requests after a reload; those still open then are cut. */
  readonly hardStopAfterMs: number;
}

/** An address that accepts HTTP and hands each request to one target group. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly targetGroup: string;
  /** Networks (CIDR) of proxies in front of it, whose word on the client is taken; nobody else's is. */
  readonly trustedProxies: readonly string[];
}

/** HAProxy's own statistics page, with CSV under `/;csv`. */
export interface StatsPage {
  readonly address: string;
  readonly port: number;
}

export const ALGORITHMS = [
  'roundRobin',
  'weightedRoundRobin',
  'leastConnections',
  'sourceIpHash',
  'urlHash',
  'random',
] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/**
 * When a connection to a server serves another client's request. `safe`: not for the first request of a client's connection, which
 * could not be repeated if the server closed just then. `aggressive`: for that one too, on a connection that was reused before.
 * `always`: on any. `never`: each request has a connection of its own.
 */
export const CONNECTION_REUSES = ['safe', 'never', 'aggressive', 'always'] as const;
export type ConnectionReuse = (typeof CONNECTION_REUSES)[number];

/** Servers that answer the same requests, and how to tell whether one of them can. Behind at most one load balancer. */
export interface TargetGroup {
  readonly name: string;
  /** Where its servers listen; null for the one port that the provider assigns to each. */
  readonly port: number | null;
  readonly algorithm: Algorithm;
  readonly healthCheck: HealthCheck;
  readonly outlierDetection: OutlierDetection;
  /** The longest that a draining server is waited for before its open requests are cut. */
  readonly deregistrationDelayMs: number;
  /** The time over which a server that became healthy is brought to its full share; 0 for at once. */
  readonly slowStartMs: number;
  /** The most requests that one server has at a time; more wait in a queue. Null for no limit. */
  readonly maxConnectionsPerTarget: number | null;
  /** How long a request may wait in the queue. */
  readonly queueTimeoutMs: number;
  readonly connectionReuse: ConnectionReuse;
}

/** Those that ask for nothing to be done. */
export const HEALTH_CHECK_METHODS = ['GET', 'HEAD', 'OPTIONS'] as const;

export interface HealthCheck {
  /** The port that is checked; null for the target group's own, where the requests go. */
  readonly port: number | null;
  readonly method: (typeof HEALTH_CHECK_METHODS)[number];
  /** The Host header, with a port or without. */
  readonly host: string;
  readonly path: string;
  /** Sent beside Host; a `User-Agent` among them takes the place of Drover's. */
  readonly headers: readonly Header[];
  /** The HTTP status codes that count as healthy, as HAProxy writes them: `200`, `200-399`, `200,204,301-302`. */
  readonly matcher: string;
  readonly intervalMs: number;
  /** The interval while a server is between healthy and unhealthy. */
  readonly fastIntervalMs: number;
  /** The interval while a server is unhealthy or new. */
  readonly downIntervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export const OUTLIER_ACTIONS = ['report', 'replace'] as const;

/** When a server counts as an outlier that fails its requests although its health check passes. */
export interface OutlierDetection {
  readonly action: (typeof OUTLIER_ACTIONS)[number];
  readonly intervalMs: number;
  /** Fewer than so many in an interval say nothing. */
  readonly minRequests: number;
  /** From 0 to 1. */
  readonly errorShare: number;
  readonly consecutiveIntervals: number;
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

export const TERMINATION_POLICIES = ['Default', 'OldestInstance', 'NewestInstance', 'OldestLaunchTemplate'] as const;
export type TerminationPolicy = (typeof TERMINATION_POLICIES)[number];

export interface AutoScalingGroup {
  readonly name: string;
  /** May be empty: a group of workers behind no load balancer. */
  readonly targetGroups: readonly string[];
  readonly launchTemplate: LaunchTemplate;
  readonly minSize: number;
  /** Every machine that is not gone counts against it, whatever its state. */
  readonly maxSize: number;
  /** The size that the fleet file asks for, null where it names none; the group's own size may have been changed since. */
  readonly desiredCapacity: number | null;
  /** Absolute path of a watched file that holds the desired capacity. */
  readonly desiredCapacityFile: string | null;
  /** How long a new server may fail its health checks before that counts. */
  readonly healthCheckGracePeriodMs: number;
  /** How long after it came into service a server is still warming up. */
  readonly defaultInstanceWarmupMs: number;
  /** How long one launch may take before it counts as failed. */
  readonly launchTimeoutMs: number;
  readonly launchRetry: LaunchRetry;
  /** Whether Drover asks a new server itself, and registers it only when it has answered well. */
  readonly probeBeforeRegistration: boolean;
  /** What is run for a server before it is terminated; null for nothing. */
  readonly terminationCommand: TerminationCommand | null;
  /** Tried in order: each keeps the candidates that it likes best for the next to choose from. */
  readonly terminationPolicies: readonly TerminationPolicy[];
  /** How long a machine with the fleet's tags that no record explains must have been seen before it is terminated. */
  readonly orphanGracePeriodMs: number;
  /** What the policies follow. */
  readonly metrics: readonly Metric[];
  /** The largest size that any of them wants is the group's, out and in. */
  readonly scalingPolicies: readonly ScalingPolicy[];
  readonly scheduledActions: readonly ScheduledAction[];
}

/** A command of the user's, run on Drover's host for a server that is drained and still runs. */
export interface TerminationCommand {
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly workingDirectory: string;
  /** After so long it is killed, and the server is terminated all the same. */
  readonly timeoutMs: number;
}

/** What happens after launches that failed or servers that never became healthy. */
export interface LaunchRetry {
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Failures in a row after which launching stops until a person resumes it. */
  readonly suspendAfter: number;
}

export interface LaunchTemplate {
  /** The name of a provider instance, or of a type that needs no settings. */
  readonly provider: string;
  /** Of the provider's zones those that servers may be in, by preference; empty for all of them. */
  readonly zones: readonly string[];
  /** What servers may be, by preference; empty for what the settings say. */
  readonly instanceTypes: readonly string[];
  /** HAProxy weight, 1 to 256, used by `weightedRoundRobin`. */
  readonly weight: number;
  /** The provider's own settings, validated by its schema. */
  readonly settings: JsonObject;
  /** A digest of all of the above: two templates are the same when their versions are. */
  readonly version: string;
}
