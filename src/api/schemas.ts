/** What the API answers, checked by the client. Kept in step with the model by `satisfies` and by schemas.test.ts. */

import { z } from 'zod';
import { CHANGE_KINDS, type FleetChange } from '../fleet/change.ts';
import { ACTIVITY_REASONS, type Activity, type StoredActivity } from '../model/activity.ts';
import type { FleetVersionSummary } from '../model/fleet-version.ts';
import type { Json } from '../model/json.ts';
import { INSTANCE_STATE_NAMES } from '../model/lifecycle.ts';
import { SUSPENDABLE_PROCESSES } from '../model/scaling-policy.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../views/fleet-versions.ts';
import type { Explanation, FleetStatus, Plan } from '../views/status.ts';

const epochMs = z.number();

const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const targetStatus = z.object({
  targetGroup: z.string(),
  health: z.string(),
  detail: z.string(),
  openRequests: z.number(),
  requestsTotal: z.number(),
  requestsPerSecond: z.number(),
  errorShare: z.number(),
  responseTimeMs: z.number(),
});

const instanceStatus = z.object({
  id: z.string(),
  group: z.string(),
  lifecycleState: z.string(),
  state: z.enum(INSTANCE_STATE_NAMES),
  since: epochMs,
  createdAt: epochMs,
  health: z.enum(['unknown', 'healthy', 'unhealthy']),
  detail: z.string(),
  endpoint: z.string().nullable(),
  provider: z.string(),
  machineId: z.string().nullable(),
  machineDetail: z.string(),
  zone: z.string().nullable(),
  instanceType: z.string().nullable(),
  targets: listOf(targetStatus),
});

const hold = z.object({ code: z.string(), message: z.string(), until: epochMs.nullable() });

const processes = listOf(z.enum(SUSPENDABLE_PROCESSES));

const policyExplanation = z.object({
  policy: z.string(),
  type: z.string(),
  metric: z.string(),
  sees: z.string(),
  wants: z.number().nullable(),
  agreesToScaleIn: z.boolean(),
  why: z.string(),
  cappedBy: z.string().nullable(),
  waitsUntil: epochMs.nullable(),
});

const groupStatus = z.object({
  name: z.string(),
  desired: z.number(),
  minSize: z.number(),
  maxSize: z.number(),
  inService: z.number(),
  pending: z.number(),
  terminating: z.number(),
  launchSuspended: z.string().nullable(),
  suspendedProcesses: processes,
  policies: listOf(policyExplanation),
  holds: listOf(hold),
  notes: listOf(z.string()),
  instances: listOf(instanceStatus),
  desiredCapacityFile: z.string().nullable(),
});

const targetGroupStatus = z.object({
  name: z.string(),
  algorithm: z.string(),
  healthy: z.number(),
  total: z.number(),
  requestsPerSecond: z.number(),
  errors5xxPerSecond: z.number(),
  retried: z.number(),
  openRequests: z.number(),
  queuedRequests: z.number(),
});

const loadBalancerStatus = z.object({
  name: z.string(),
  state: z.enum(['starting', 'running', 'unreachable', 'stopped']),
  version: z.string().nullable(),
  detail: z.string(),
  listeners: listOf(z.object({ url: z.string(), targetGroup: z.string() })),
  statsUrl: z.string().nullable(),
  targetGroups: listOf(targetGroupStatus),
});

export const fleetStatusSchema = z.object({
  at: epochMs,
  fleet: z.string(),
  version: z.string(),
  pid: z.number(),
  startedAt: epochMs,
  fleetVersion: z.number(),
  fleetFile: z.string().nullable(),
  dataDir: z.string(),
  mode: z.enum(['up', 'down']),
  pending: listOf(z.string()),
  defects: z.number(),
  loadBalancers: listOf(loadBalancerStatus),
  groups: listOf(groupStatus),
}) satisfies z.ZodType<FleetStatus>;

const capacity = z.object({ desired: z.number(), inService: z.number(), total: z.number() });

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

const activitySchema = z.object({
  at: epochMs,
  group: z.string().nullable(),
  instanceId: z.string().nullable(),
  level: z.enum(['info', 'warning', 'error']),
  reason: z.enum(ACTIVITY_REASONS),
  message: z.string(),
  cappedBy: z.string().nullable(),
  before: capacity.nullable(),
  after: capacity.nullable(),
  explanation: z.record(z.string(), json).nullable(),
}) satisfies z.ZodType<Activity>;

const storedActivitySchema = activitySchema.extend({ sequence: z.number() }) satisfies z.ZodType<StoredActivity>;

export const activitiesAnswerSchema = z.object({ activities: listOf(storedActivitySchema) });

const fleetChangeSchema = z.object({
  kind: z.enum(CHANGE_KINDS),
  path: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  effect: z.string(),
}) satisfies z.ZodType<FleetChange>;

const fleetVersionSummary = z.object({
  number: z.number(),
  digest: z.string(),
  at: epochMs,
  origin: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('file'), path: z.string() }),
    z.object({ kind: z.literal('api'), caller: z.string() }),
    z.object({ kind: z.literal('rollback'), caller: z.string(), to: z.number() }),
  ]),
}) satisfies z.ZodType<FleetVersionSummary>;

export const fleetVersionsSchema = z.object({
  owner: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('file'), path: z.string() }),
    z.object({ kind: z.literal('api') }),
  ]),
  versions: listOf(fleetVersionSummary),
}) satisfies z.ZodType<FleetVersions>;

export const shownFleetVersionSchema = fleetVersionSummary.extend({
  document: z.object({ content: z.record(z.string(), json), baseDir: z.string() }),
}) satisfies z.ZodType<ShownFleetVersion>;

export const plannedFleetSchema = z.object({
  madeFrom: z.number(),
  changes: listOf(fleetChangeSchema),
}) satisfies z.ZodType<PlannedFleet>;

export const appliedFleetSchema = z.object({
  version: z.number(),
  changes: listOf(fleetChangeSchema),
  pending: listOf(z.string()),
}) satisfies z.ZodType<AppliedFleet>;

export const fleetChangesAnswerSchema = z.object({ changes: listOf(fleetChangeSchema) });

export const planSchema = z.object({
  at: epochMs,
  fleetChanges: listOf(fleetChangeSchema),
  loadBalancers: listOf(z.object({ loadBalancer: z.string(), detail: z.string() })),
  groups: listOf(
    z.object({ group: z.string(), activities: listOf(activitySchema), holds: listOf(hold), notes: listOf(z.string()) }),
  ),
}) satisfies z.ZodType<Plan>;

export const explanationSchema = z.object({
  at: epochMs,
  group: z.object({
    name: z.string(),
    desired: z.number(),
    minSize: z.number(),
    maxSize: z.number(),
    fleetMinSize: z.number(),
    fleetMaxSize: z.number(),
    inService: z.number(),
    pending: z.number(),
    terminating: z.number(),
  }),
  policies: listOf(policyExplanation),
  scheduledActions: listOf(
    z.object({
      name: z.string(),
      schedule: z.string(),
      nextAt: epochMs.nullable(),
      minSize: z.number().nullable(),
      maxSize: z.number().nullable(),
      desiredCapacity: z.number().nullable(),
    }),
  ),
  suspendedProcesses: processes,
  next: listOf(activitySchema),
  holds: listOf(hold),
  activities: listOf(storedActivitySchema),
}) satisfies z.ZodType<Explanation>;

export const processesAnswerSchema = z.object({ suspendedProcesses: processes });

export const drainAnswerSchema = z.object({ waitsFor: z.string().nullable() });

export const desiredCapacityAnswerSchema = z.object({ before: z.number(), after: z.number() });
