import { z } from 'zod';
import { ACTIVITY_REASONS, type ActivityLevel, type Capacity, type StoredActivity } from '../model/activity.ts';
import type { FleetVersion } from '../model/fleet-version.ts';
import type { GroupMemory, LaunchHold } from '../model/group-memory.ts';
import {
  type EndCause,
  type Health,
  type Instance,
  type InstanceRequest,
  type InstanceState,
  type InstanceStateName,
  type MachineRef,
  NO_PLACEMENT,
  type Placement,
} from '../model/instance.ts';
import type { Json } from '../model/json.ts';
import type { NotificationCursor } from '../model/notification.ts';
import { SUSPENDABLE_PROCESSES } from '../model/scaling-policy.ts';
import { PortError } from '../ports/errors.ts';

/**
 * What the stored records must look like, as a zod schema. Strict: an unknown key means that another version of Drover wrote the
 * record, and to ignore what that one meant is no better than to lose it.
 */

const time = z.number();

/** Names every member of a union of strings, checked by the compiler: a new member cannot be forgotten here. */
const oneOf = <Name extends string>(names: { [N in Name]: N }) => z.enum(names);

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

const cause = oneOf<EndCause>({
  scaleIn: 'scaleIn',
  unhealthy: 'unhealthy',
  outlier: 'outlier',
  machineStopped: 'machineStopped',
  machineGone: 'machineGone',
  neverHealthy: 'neverHealthy',
  launchFailed: 'launchFailed',
  operatorDrain: 'operatorDrain',
  operatorTerminate: 'operatorTerminate',
  fleetDown: 'fleetDown',
  orphan: 'orphan',
});

/** Each state's own shape, so that none can be forgotten here. */
const STATES = {
  launching: z.strictObject({ name: z.literal('launching'), since: time, retryAt: time.nullable() }),
  probing: z.strictObject({ name: z.literal('probing'), since: time }),
  booting: z.strictObject({ name: z.literal('booting'), since: time }),
  inService: z.strictObject({ name: z.literal('inService'), since: time }),
  draining: z.strictObject({
    name: z.literal('draining'),
    since: time,
    deadline: time.nullable(),
    cause,
    reversible: z.boolean(),
  }),
  terminating: z.strictObject({
    name: z.literal('terminating'),
    since: time,
    cause,
    retryAt: time.nullable(),
    // Not there in what was recorded before there were such commands.
    commandEnded: z.boolean().default(false),
  }),
  terminated: z.strictObject({ name: z.literal('terminated'), since: time, cause }),
} satisfies { [Name in InstanceStateName]: z.ZodType<Extract<InstanceState, { readonly name: Name }>> };

const state: z.ZodType<InstanceState> = z.discriminatedUnion('name', [
  STATES.launching,
  STATES.probing,
  STATES.booting,
  STATES.inService,
  STATES.draining,
  STATES.terminating,
  STATES.terminated,
]);

const health: z.ZodType<Health> = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('unknown'), since: time }),
  z.strictObject({ status: z.literal('healthy'), since: time }),
  z.strictObject({
    status: z.literal('unhealthy'),
    since: time,
    detail: z.string(),
  }),
]);

const machine: z.ZodType<MachineRef> = z.strictObject({
  id: z.string(),
  addresses: z.array(z.string()),
  ports: z.array(z.strictObject({ port: z.int(), hostPort: z.int() })).nullable(),
  seenAt: time,
});

const placement: z.ZodType<Placement> = z.strictObject({
  zone: z.string().nullable(),
  instanceType: z.string().nullable(),
});

const instance: z.ZodType<Instance> = z.strictObject({
  id: z.string(),
  group: z.string(),
  launchTemplate: z.strictObject({
    provider: z.string(),
    weight: z.number(),
    settings: z.record(z.string(), json),
    version: z.string(),
    // These are not there in what was recorded before there were zones.
    zones: z.array(z.string()).default([]),
    instanceTypes: z.array(z.string()).default([]),
  }),
  placement: placement.default(NO_PLACEMENT),
  createdAt: time,
  machine: machine.nullable(),
  state,
  health,
  request: z
    .strictObject({ kind: oneOf<InstanceRequest['kind']>({ drain: 'drain', terminate: 'terminate' }), at: time })
    .nullable(),
});

/** An object in the record and a map in memory, where a name such as `constructor` is one like any other. */
const byName = <T>(value: z.ZodType<T, T>) =>
  z.codec(z.record(z.string(), value), z.map(z.string(), value), {
    decode: (object) => new Map(Object.entries(object)),
    encode: (map) => Object.fromEntries(map),
  });

/** Two keys are stored by names that the model has not. */
type StoredMemory = Omit<GroupMemory, 'seenAgainAt' | 'machinesListed'> & {
  /** `seenAgainAt`. */
  readonly sightedAt: GroupMemory['seenAgainAt'];
  /** `machinesListed`. */
  readonly surveyed: GroupMemory['machinesListed'];
};

const storedMemory: z.ZodType<StoredMemory> = z.strictObject({
  savedAt: time.nullable(),
  desired: z.number().nullable(),
  fleetDesired: z.number().nullable(),
  file: z
    .strictObject({
      path: z.string().nullable(),
      value: z.number().nullable(),
      refused: z.string().nullable(),
      standing: z.string().exactOptional(),
      reports: z.array(z.strictObject({ refused: z.string(), at: time })).exactOptional(),
    })
    .nullable(),
  launch: z.strictObject({
    failures: z.number(),
    crashes: z.number(),
    crashedAt: time.nullable(),
    why: z.string(),
    template: z.string().nullable(),
    notBefore: time.nullable(),
    suspended: z.strictObject({ since: time, why: z.string() }).nullable(),
    held: z
      .strictObject({
        reaction: oneOf<LaunchHold['reaction']>({
          NotFound: 'NotFound',
          NoCapacity: 'NoCapacity',
          Unauthorized: 'Unauthorized',
          Invalid: 'Invalid',
          Unsupported: 'Unsupported',
          Defect: 'Defect',
        }),
        why: z.string(),
        since: time,
        tries: z.number(),
        until: time.nullable(),
      })
      .nullable()
      // Not there in what was recorded before this was kept.
      .default(null),
  }),
  fullPlacements: z
    .array(
      z.strictObject({
        zone: z.string().nullable(),
        instanceType: z.string().nullable(),
        why: z.string(),
        tries: z.number(),
        until: time,
      }),
    )
    .default([]),
  unhealthyAt: z.record(z.string(), time),
  sightedAt: time.nullable(),
  surveyed: z.boolean(),
  zonesAwaitedSince: time.nullable().default(null),
  unlistedZones: z.array(z.string()).default([]),
  orphans: z.array(z.strictObject({ instanceId: z.string(), firstSeenAt: time })),
  bounds: z
    .strictObject({
      minSize: z.number(),
      maxSize: z.number(),
      minSizeBy: z.string().nullable(),
      maxSizeBy: z.string().nullable(),
      fleetMinSize: z.number(),
      fleetMaxSize: z.number(),
    })
    .nullable(),
  policies: byName(
    z.strictObject({
      subject: z.string().exactOptional(),
      breachedSince: time.nullable(),
      missingSince: time.nullable(),
      lastScaleOutAt: time.nullable(),
      lastScaleInAt: time.nullable(),
      recommendations: z.array(z.strictObject({ at: time, size: z.number() })),
      changes: z.array(z.strictObject({ at: time, by: z.number() })),
    }),
  ),
  scheduled: byName(time),
  suspendedProcesses: z.array(z.enum(SUSPENDABLE_PROCESSES)),
  told: z.array(z.string()),
});

const groupMemory: z.ZodType<GroupMemory> = z.codec(storedMemory, z.custom<GroupMemory>(), {
  decode: ({ sightedAt, surveyed, ...rest }) => ({ ...rest, seenAgainAt: sightedAt, machinesListed: surveyed }),
  encode: ({ seenAgainAt, machinesListed, ...rest }) => ({
    ...rest,
    sightedAt: seenAgainAt,
    surveyed: machinesListed,
  }),
});

const capacity: z.ZodType<Capacity> = z.strictObject({
  desired: z.number(),
  inService: z.number(),
  total: z.number(),
});

const activity: z.ZodType<StoredActivity> = z.strictObject({
  sequence: z.int(),
  at: time,
  group: z.string().nullable(),
  instanceId: z.string().nullable(),
  level: oneOf<ActivityLevel>({ info: 'info', warning: 'warning', error: 'error' }),
  reason: z.enum(ACTIVITY_REASONS),
  message: z.string(),
  cappedBy: z.string().nullable(),
  before: capacity.nullable(),
  after: capacity.nullable(),
  explanation: z.record(z.string(), json).nullable(),
});

const fleetVersion: z.ZodType<Omit<FleetVersion, 'number'>> = z.strictObject({
  digest: z.string(),
  at: time,
  origin: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('file'), path: z.string() }),
    z.strictObject({ kind: z.literal('api'), caller: z.string() }),
    z.strictObject({ kind: z.literal('rollback'), caller: z.string(), to: z.int() }),
  ]),
  document: z.strictObject({ content: z.record(z.string(), json), baseDir: z.string() }),
});

const notificationCursor: z.ZodType<Omit<NotificationCursor, 'name'>> = z.strictObject({
  delivered: z.int(),
  pending: z.strictObject({ id: z.string(), through: z.int() }).nullable(),
  lastDeliveredAt: time.nullable(),
  failing: z.strictObject({ since: time, why: z.string() }).nullable(),
  disabled: z.strictObject({ since: time, why: z.string(), settings: z.string() }).nullable(),
});

export const RECORDS = { instance, groupMemory, activity, fleetVersion, notificationCursor };

/** Where a record comes from, for the message about it. */
export interface RecordPlace {
  readonly table: string;
  readonly key: string | number;
}

/** A record as JSON text. @throws PortError `Invalid` for one that could not be read back: better now than at the next start */
export function encodeRecord<T>(schema: z.ZodType<T>, place: RecordPlace, value: T): string {
  return JSON.stringify(trusted(place, z.safeEncode(schema, value)));
}

/** @throws PortError `Invalid`, with the row's name and what to do about it */
export function decodeRecord<T>(schema: z.ZodType<T>, place: RecordPlace, text: string): T {
  return checkRecord(schema, place, parseJson(place, text));
}

/** @throws PortError `Invalid`, with the row's name and what to do about it */
export function parseJson(place: RecordPlace, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw untrustedRecord(place, 'it is not JSON', cause);
  }
}

/** @throws PortError `Invalid`, with the row's name and what to do about it */
export function checkRecord<T>(schema: z.ZodType<T>, place: RecordPlace, value: unknown): T {
  return trusted(place, schema.safeParse(value));
}

function trusted<T>(place: RecordPlace, result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw untrustedRecord(place, `${path === '' ? 'the record' : path}: ${issue?.message ?? 'not valid'}`, result.error);
}

export function untrustedRecord({ table, key }: RecordPlace, what: string, cause?: unknown): PortError {
  return new PortError(
    'Invalid',
    'storeRecordUntrusted',
    `the row ${key} of the table ${table} cannot be trusted (${what}). Stop Drover and restore a backup of the database, ` +
      'or fix or delete the row with sqlite3; docs/store.md shows how.',
    { cause },
  );
}
