/**
 * The fleet file's shape, key by key, and how it becomes a `Fleet`. What several keys must be true of together is in
 * `checks.ts`. Descriptions and defaults go into the JSON Schema that editors use; docs/fleet-file.md says the same at length.
 */

import { z } from 'zod';
import { KIB } from '../../base/byte-size.ts';
import {
  ALGORITHMS,
  CONNECTION_REUSES,
  DEFAULT_HISTORY,
  type Fleet,
  HEALTH_CHECK_METHODS,
  type Header,
  type History,
  type LoadBalancer,
  OUTLIER_ACTIONS,
  type OutlierDetection,
  type TargetGroup,
} from '../../model/fleet.ts';
import { byteSizeSchema } from '../../settings/byte-size.ts';
import { durationSchema } from '../../settings/duration.ts';
import {
  addressSchema,
  headersSchema,
  headerValueSchema,
  hostSchema,
  httpPathSchema,
  MAX_LISTENERS_PER_LOAD_BALANCER,
  MAX_TRUSTED_PROXIES,
  matcherSchema,
  nameSchema,
  networkSchema,
  portSchema,
  userNameSchema,
} from '../../settings/fields.ts';
import { autoScalingGroup } from './auto-scaling-group.ts';
import { byName, named, type Unnamed } from './by-name.ts';
import type { FleetFileContext } from './launch-template.ts';
import { MAX_DESTINATIONS, notificationSchema } from './notification.ts';
import { providerInstanceSchema } from './provider-instance.ts';

const LOOPBACK = '127.0.0.1';
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const listener = z.strictObject({
  address: addressSchema
    .prefault(LOOPBACK)
    .describe('The IP address to listen on: 127.0.0.1 for this host only, 0.0.0.0 or :: for every interface.'),
  port: portSchema.describe('The TCP port to listen on.'),
  targetGroup: nameSchema.describe('The target group that answers the requests.'),
  trustedProxies: z
    .array(networkSchema)
    .max(MAX_TRUSTED_PROXIES)
    .default([])
    .describe('Networks of proxies in front of it, such as 10.0.0.0/8: what they say of the client is believed.'),
});

const statsPage = z.strictObject({
  address: addressSchema.prefault(LOOPBACK).describe('The IP address of the statistics page.'),
  port: portSchema.describe('The TCP port of the statistics page.'),
});

const loadBalancer = z
  .strictObject({
    listeners: z
      .array(listener)
      .min(1)
      .max(MAX_LISTENERS_PER_LOAD_BALANCER)
      .describe('Addresses that accept HTTP, each with the target group that answers there.'),
    statsPage: statsPage.optional().describe("HAProxy's own statistics page, with CSV under /;csv. None unless given."),
    idleTimeout: durationSchema({ minMs: SECOND_MS, maxMs: 24 * HOUR_MS })
      .prefault('5m')
      .describe('How long nothing may come, from the client or from the server, before a request is cut.'),
    maxHeaderSize: byteSizeSchema({ minBytes: 8 * KIB, maxBytes: 1024 * KIB })
      .prefault('20KiB')
      .describe('The largest head of a request or an answer: its first line and all of its headers.'),
    maxConnections: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(5_000)
      .describe('The most client connections of each listener; fewer where the limit of open files allows no more.'),
    threads: z.int().min(1).max(64).optional().describe("HAProxy's threads. Default: one for each core."),
    user: userNameSchema
      .optional()
      .describe(
        "The user of the host that HAProxy's workers run as, where Drover runs as root. Default: Drover's own.",
      ),
    hardStopAfter: durationSchema({ minMs: SECOND_MS, maxMs: 168 * HOUR_MS })
      .prefault('24h')
      .describe('The longest that streams, WebSockets and uploads may go on in the old process after a reload.'),
  })
  .transform(
    ({
      listeners,
      statsPage,
      idleTimeout,
      maxHeaderSize,
      maxConnections,
      threads,
      user,
      hardStopAfter,
    }): Unnamed<LoadBalancer> => ({
      listeners,
      statsPage: statsPage ?? null,
      idleTimeoutMs: idleTimeout,
      maxHeaderBytes: maxHeaderSize,
      maxConnections,
      threads: threads ?? null,
      user: user ?? null,
      hardStopAfterMs: hardStopAfter,
    }),
  );

const INTERVAL = { minMs: 50, maxMs: 5 * MINUTE_MS };
const FAST_INTERVAL_MS = 200;
const TIMEOUT_MS = SECOND_MS;
const threshold = z.int().min(1).max(10);

const healthCheck = z
  .strictObject({
    port: portSchema
      .nullable()
      .default(null)
      .describe("The port that is checked, where that is another one than the target group's."),
    method: z.enum(HEALTH_CHECK_METHODS).default('GET').describe('The HTTP method of a check.'),
    host: hostSchema.default('localhost').describe('The Host header of a check: the name that the server answers to.'),
    path: httpPathSchema.default('/').describe('The path that is asked for.'),
    headers: headersSchema(headerValueSchema)
      .refine((headers) => !Object.keys(headers).some((name) => name.toLowerCase() === 'host'), {
        error: 'the Host header has a key of its own: host',
      })
      .default({})
      .describe('More headers of a check, by name.'),
    matcher: matcherSchema.prefault('200').describe('The status codes that count as healthy: 200, 200-399, 200,204.'),
    interval: durationSchema(INTERVAL).prefault('2s').describe('The time between two checks of a healthy server.'),
    fastInterval: durationSchema(INTERVAL)
      .optional()
      .describe(
        'The same while a server is between healthy and unhealthy. Default: 200ms, or interval if that is less.',
      ),
    downInterval: durationSchema(INTERVAL)
      .optional()
      .describe('The same while a server is unhealthy or new. Default: 200ms, or interval if that is less.'),
    timeout: durationSchema({ minMs: 10, maxMs: 2 * MINUTE_MS })
      .optional()
      .describe('How long a check may take. Default: 1s, or interval if that is less.'),
    healthyThreshold: threshold.default(2).describe('Good checks in a row that make a server healthy.'),
    unhealthyThreshold: threshold.default(3).describe('Failed checks in a row that make a server unhealthy.'),
  })
  .transform(({ headers, interval, fastInterval, downInterval, timeout, ...rest }) => ({
    ...rest,
    headers: Object.entries(headers).map(([name, value]): Header => ({ name, value })),
    intervalMs: interval,
    fastIntervalMs: fastInterval ?? Math.min(FAST_INTERVAL_MS, interval),
    downIntervalMs: downInterval ?? Math.min(FAST_INTERVAL_MS, interval),
    timeoutMs: timeout ?? Math.min(TIMEOUT_MS, interval),
  }));

const outlierDetection = z
  .strictObject({
    action: z
      .enum(OUTLIER_ACTIONS)
      .default('report')
      .describe('What is done about a server that fails its requests: it is reported, or replaced as well.'),
    interval: durationSchema({ minMs: SECOND_MS, maxMs: 10 * MINUTE_MS })
      .prefault('10s')
      .describe('The time over which requests and errors are counted.'),
    minRequests: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(20)
      .describe('The fewest requests of a server in an interval that say anything.'),
    errorShare: z
      .number()
      .min(0.01)
      .max(1)
      .default(0.5)
      .describe('The share of them, from 0 to 1, that a server fails which counts as an outlier.'),
    consecutiveIntervals: z.int().min(1).max(60).default(3).describe('In so many intervals in a row.'),
  })
  .transform(({ interval, ...rest }): OutlierDetection => ({ ...rest, intervalMs: interval }));

const targetGroup = z
  .strictObject({
    port: portSchema
      .nullable()
      .default(null)
      .describe('The port that its servers listen on; none where the provider gives each server a port of its own.'),
    algorithm: z.enum(ALGORITHMS).default('roundRobin').describe('How a request is given to one of the servers.'),
    healthCheck: healthCheck.prefault({}).describe('How to tell whether a server can answer.'),
    outlierDetection: outlierDetection
      .prefault({})
      .describe('What becomes of a server that fails its requests although its health check passes.'),
    deregistrationDelay: durationSchema({ maxMs: HOUR_MS })
      .prefault('5m')
      .describe('The longest that a draining server may take for its open requests before they are cut.'),
    slowStart: durationSchema({ maxMs: HOUR_MS })
      .prefault('0s')
      .describe('The time over which a server that became healthy is brought to its full share; 0s for at once.'),
    maxConnectionsPerTarget: z
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('The most requests that one server has at a time; more wait in a queue. No limit unless given.'),
    queueTimeout: durationSchema({ minMs: 100, maxMs: HOUR_MS })
      .prefault('30s')
      .describe('How long a request may wait in the queue before it gets 503.'),
    connectionReuse: z
      .enum(CONNECTION_REUSES)
      .optional()
      .describe(
        "When a connection to a server serves another client's request. Default: safe, or never if maxConnectionsPerTarget is 1.",
      ),
  })
  .transform(
    ({
      deregistrationDelay,
      slowStart,
      maxConnectionsPerTarget,
      queueTimeout,
      connectionReuse,
      ...rest
    }): Unnamed<TargetGroup> => ({
      ...rest,
      deregistrationDelayMs: deregistrationDelay,
      slowStartMs: slowStart,
      maxConnectionsPerTarget: maxConnectionsPerTarget ?? null,
      queueTimeoutMs: queueTimeout,
      connectionReuse: connectionReuse ?? (maxConnectionsPerTarget === 1 ? 'never' : 'safe'),
    }),
  );

/** Bounds of what is kept: enough to tell what happened today, and not more than a small disk holds. */
const rows = z.int().min(100).max(10_000_000);

const history = z
  .strictObject({
    activities: rows.default(DEFAULT_HISTORY.activityRows).describe('The newest activities that are kept.'),
    samples: rows
      .default(DEFAULT_HISTORY.sampleRows)
      .describe('The newest samples of traffic, and as many of health, that are kept.'),
    terminatedInstances: rows
      .default(DEFAULT_HISTORY.terminatedInstanceRows)
      .describe('The records of terminated instances that are kept.'),
  })
  .transform(
    ({ activities, samples, terminatedInstances }): History => ({
      activityRows: activities,
      sampleRows: samples,
      terminatedInstanceRows: terminatedInstances,
    }),
  );

export function fleetFileSchema(context: FleetFileContext) {
  return z
    .strictObject({
      fleet: nameSchema.describe("The fleet's name, part of every machine's tags."),
      providers: byName(providerInstanceSchema(context))
        .prefault({})
        .describe(
          'Provider instances by name: accounts, regions, engines or hosts of a type, each with settings of its own.',
        ),
      loadBalancers: byName(loadBalancer).prefault({}).describe('Load balancers by name, one HAProxy each.'),
      targetGroups: byName(targetGroup)
        .prefault({})
        .describe('Target groups by name: servers that answer the same requests.'),
      autoScalingGroups: byName(autoScalingGroup(context))
        .refine((groups) => Object.keys(groups).length > 0, { error: 'a fleet has at least one auto scaling group' })
        .describe('Auto scaling groups by name: servers that are launched alike and scaled together.'),
      notifications: byName(notificationSchema(context))
        .refine((destinations) => Object.keys(destinations).length <= MAX_DESTINATIONS, {
          error: `there may be at most ${MAX_DESTINATIONS}`,
        })
        .prefault({})
        .describe('Who hears of what Drover does, by name: destinations of a type, each with settings of its own.'),
      history: history.prefault({}).describe('How much of the past is kept.'),
    })
    .transform(
      (value): Fleet => ({
        name: value.fleet,
        providers: named(value.providers),
        loadBalancers: named(value.loadBalancers),
        targetGroups: named(value.targetGroups),
        autoScalingGroups: named(value.autoScalingGroups),
        notifications: named(value.notifications),
        history: value.history,
      }),
    );
}
