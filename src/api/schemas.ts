/** What the API answers, checked by the client. Kept in step with the model by `satisfies` and by schemas.test.ts. */

import { z } from 'zod';
import type { GroupHistory } from '../control/service.ts';
import { CHANGE_KINDS, type FleetChange } from '../fleet/change.ts';
import { ACTIVITY_REASONS, type Activity, type StoredActivity } from '../model/activity.ts';
import type { FleetVersionSummary } from '../model/fleet-version.ts';
import type { Json } from '../model/json.ts';
import { INSTANCE_STATE_NAMES } from '../model/lifecycle.ts';
import { NOTIFICATION_CATEGORIES } from '../model/notification.ts';
import { SUSPENDABLE_PROCESSES } from '../model/scaling-policy.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../views/fleet-versions.ts';
import type { NotificationStatus } from '../views/notifications.ts';
import type {
  Explanation,
  FleetStatus,
  FleetSummary,
  GroupSummary,
  InstanceStatus,
  LoadBalancerStatus,
  Plan,
  ProviderStatus,
  TargetGroupStatus,
} from '../views/status.ts';
import { ROLES } from './caller.ts';

const epochMs = z.number().describe('Milliseconds since 1970-01-01T00:00:00Z.');

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

export const instanceSchema = z
  .object({
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
  })
  .meta({ id: 'Instance' }) satisfies z.ZodType<InstanceStatus>;

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

const groupShape = {
  name: z.string(),
  targetGroups: listOf(z.string()),
  provider: z.string(),
  desired: z.number(),
  minSize: z.number(),
  maxSize: z.number(),
  inService: z.number(),
  pending: z.number(),
  terminating: z.number(),
  unhealthy: z.number(),
  launchSuspended: z.string().nullable(),
  suspendedProcesses: processes,
  policies: listOf(policyExplanation),
  holds: listOf(hold),
  notes: listOf(z.string()),
  desiredCapacityFile: z.string().nullable(),
};

export const groupSchema = z.object(groupShape).meta({ id: 'Group' }) satisfies z.ZodType<GroupSummary>;

const groupStatus = z.object({ ...groupShape, instances: listOf(instanceSchema) });

export const targetGroupSchema = z
  .object({
    name: z.string(),
    loadBalancer: z.string().nullable(),
    algorithm: z.string(),
    healthy: z.number(),
    total: z.number(),
    requestsPerSecond: z.number(),
    errors5xxPerSecond: z.number(),
    retried: z.number(),
    openRequests: z.number(),
    queuedRequests: z.number(),
  })
  .meta({ id: 'TargetGroup' }) satisfies z.ZodType<TargetGroupStatus>;

export const loadBalancerSchema = z
  .object({
    name: z.string(),
    state: z.enum(['starting', 'running', 'unreachable', 'stopped']),
    version: z.string().nullable(),
    detail: z.string(),
    listeners: listOf(z.object({ url: z.string(), targetGroup: z.string() })),
    statsUrl: z.string().nullable(),
    targetGroups: listOf(targetGroupSchema),
  })
  .meta({ id: 'LoadBalancer' }) satisfies z.ZodType<LoadBalancerStatus>;

export const providerSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    state: z.enum(['opening', 'seen', 'blind']),
    detail: z.string(),
    throttled: z.string().nullable(),
    zones: listOf(z.object({ name: z.string(), unseen: z.string().nullable() })),
  })
  .meta({ id: 'Provider' }) satisfies z.ZodType<ProviderStatus>;

const fleetShape = {
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
};

export const fleetSchema = z.object(fleetShape).meta({ id: 'Fleet' }) satisfies z.ZodType<FleetSummary>;

/** The fleet with the first instances of its groups. */
export const fleetStatusSchema = z.object({
  ...fleetShape,
  loadBalancers: listOf(loadBalancerSchema),
  groups: listOf(groupStatus),
}) satisfies z.ZodType<FleetStatus>;

/** A part of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: listOf(item),
    next: z.string().nullable().describe('To be given as `cursor` for the next part; null where there is none.'),
  });

export const statusAnswerSchema = fleetStatusSchema
  .extend({
    next: z
      .string()
      .nullable()
      .describe('Where `/v1/instances` goes on with the instances that are left out; null where there are none.'),
  })
  .meta({ id: 'Status' });

export const instancesAnswerSchema = pageOf(instanceSchema);

const notificationSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    level: z.enum(['info', 'warning', 'error']),
    categories: listOf(z.enum(NOTIFICATION_CATEGORIES)),
    groups: listOf(z.string()),
    state: z.enum(['working', 'failing', 'disabled']),
    lastDeliveredAt: epochMs.nullable(),
    error: z.string().nullable(),
    waiting: z.number(),
  })
  .meta({ id: 'Notification' }) satisfies z.ZodType<NotificationStatus>;

export const notificationsAnswerSchema = pageOf(notificationSchema);

export const desiredCapacitySchema = z.object({ desired: z.number(), minSize: z.number(), maxSize: z.number() });

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

const storedActivitySchema = activitySchema
  .extend({ sequence: z.number() })
  .meta({ id: 'Activity' }) satisfies z.ZodType<StoredActivity>;

export const activitiesAnswerSchema = pageOf(storedActivitySchema);

const average = z.object({ at: epochMs, value: z.number() });

export const historySchema = z
  .object({
    bucketMs: z.number(),
    capacity: listOf(capacity.extend({ at: epochMs })),
    metrics: z.record(z.string(), listOf(average)),
    traffic: z.record(
      z.string(),
      listOf(
        z.object({
          at: epochMs,
          requestsPerSecond: z.number(),
          errors5xxPerSecond: z.number(),
          openRequests: z.number(),
          queuedRequests: z.number(),
          responseTimeMs: z.number(),
          healthyTargets: z.number(),
          totalTargets: z.number(),
        }),
      ),
    ),
  })
  .meta({ id: 'GroupHistory' }) satisfies z.ZodType<GroupHistory>;

/** The data of each event of the stream, by its name. */
export const EVENTS = {
  activity: storedActivitySchema,
  fleet: fleetSchema,
  groups: z.object({ changed: listOf(groupSchema), gone: listOf(z.string()) }),
  instances: z.object({ changed: listOf(instanceSchema), gone: listOf(z.string()) }),
  loadBalancers: z.object({ changed: listOf(loadBalancerSchema), gone: listOf(z.string()) }),
} as const;

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

/** A line of an answer with logs. */
export const logLineSchema = z.union([
  z.object({ instance: z.string(), text: z.string() }),
  z.object({ instance: z.string(), failure: z.string() }),
]);

export const sessionCodeSchema = z.object({ url: z.string().describe('Opens the dashboard and logs in.') });

export const sessionSchema = z.object({ name: z.string(), role: z.enum(ROLES), csrfToken: z.string() });
