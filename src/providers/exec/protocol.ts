/**
 * What Drover and a provider's program say to each other: one JSON object on its standard input, one on its standard output. docs/providers/exec.md
 * tells it, schema/exec-provider.schema.json is made of this.
 */

import { isIP } from 'node:net';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import type { Reaction } from '../../model/observation.ts';

/** It changes when a program that speaks the one before could not speak it. */
export const PROTOCOL = 1;

export const VERBS = ['launch', 'list', 'terminate', 'watch', 'logs'] as const;
export type Verb = (typeof VERBS)[number];

const MAX_ID_CHARACTERS = 256;
const MAX_ADDRESSES = 16;
const MAX_PORTS = 64;
const MAX_DETAIL_CHARACTERS = 1_000;
const MAX_ZONE_CHARACTERS = 64;
/** In 2001: the seconds since 1970 are far below it. */
const EARLIEST_MS = 1_000_000_000_000;

const id = z
  .string()
  .min(1)
  .max(MAX_ID_CHARACTERS)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), { error: 'it has no control characters' });
const port = z.int().min(1).max(65_535);

const machineSchema = z.strictObject({
  id: id.describe("The program's own id of the machine, which terminate is given."),
  fleet: z.string().describe('A tag: as launch was given it, and kept with the machine.'),
  group: z.string().describe('A tag, as fleet.'),
  instanceId: z.string().describe('A tag, as fleet.'),
  state: z.enum(['pending', 'running', 'stopped']),
  launchedAt: z
    .int()
    .min(EARLIEST_MS, { error: 'it must be milliseconds since 1970, not seconds' })
    .describe('When it was launched: milliseconds since 1970. The same in each answer.'),
  addresses: z
    .array(z.string().refine((text) => isIP(text) !== 0 && !text.includes('%'), { error: 'it must be an IP address' }))
    .max(MAX_ADDRESSES)
    .default([])
    .describe('The one to use first. None while it has none.'),
  ports: z
    .array(z.strictObject({ port, hostPort: port }))
    .max(MAX_PORTS)
    .optional()
    .describe(
      "With ports: assigned only. Where its ports are reached: port is the server's, hostPort that of its address.",
    ),
  zone: z.string().max(MAX_ZONE_CHARACTERS).nullable().default(null).describe('One of the zones in the settings.'),
  detail: z.string().max(MAX_DETAIL_CHARACTERS).default('').describe('For a person: why it has stopped, for example.'),
});

/** A machine as a program says it. */
export type SaidMachine = z.infer<typeof machineSchema>;

const REACTIONS = [
  'NotFound',
  'NoCapacity',
  'RateLimited',
  'Unauthorized',
  'Invalid',
  'Transient',
  'Unsupported',
] as const satisfies readonly Reaction[];

export const failureSchema = z.strictObject({
  error: z.strictObject({
    reaction: z.enum(REACTIONS).describe('What Drover does about it.'),
    code: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, { error: 'a code has letters, digits, _, . and -, at most 64' })
      .default('exec')
      .describe('For programs.'),
    message: z.string().min(1).describe('For a person: what went wrong, and what to do.'),
    retryAfterMs: z.int().min(0).optional().describe('With RateLimited: how long to ask for nothing.'),
  }),
});

/** What a program that has succeeded answers. */
export const replySchemas = {
  launch: z.strictObject({ machine: machineSchema }),
  list: z.strictObject({
    machines: z.array(machineSchema),
    unseenZones: z
      .record(z.string(), z.string())
      .default({})
      .describe('Zones whose machines cannot be seen now, each with why. None of their machines is listed.'),
  }),
  terminate: z.strictObject({}),
} as const;

/** A request in the one form that it has: what is null or absent does not apply to its verb. */
export interface Request {
  readonly protocol: typeof PROTOCOL;
  readonly verb: Verb;
  readonly fleet: string;
  /** A folder of the provider's own, private to Drover's user. */
  readonly dataDir: string;
  readonly [key: string]: JsonObject[string];
}

const common = {
  protocol: z.literal(PROTOCOL),
  fleet: z.string().describe('Only its machines are listed and terminated.'),
  dataDir: z.string().describe("A folder of the provider's own, private to Drover's user."),
};

const requestSchemas = {
  launch: z.strictObject({
    ...common,
    verb: z.literal('launch'),
    instanceId: z.string().describe('The same for each repetition: it never gives two machines.'),
    group: z.string(),
    serves: z.boolean().describe('Whether it is behind a load balancer.'),
    launchTemplateVersion: z.string(),
    zone: z.string().nullable(),
    instanceType: z.string().nullable(),
    settings: z.record(z.string(), z.unknown()).describe("The launch template's settings."),
  }),
  list: z.strictObject({ ...common, verb: z.literal('list') }),
  terminate: z.strictObject({ ...common, verb: z.literal('terminate'), machineId: z.string() }),
  watch: z.strictObject({ ...common, verb: z.literal('watch') }),
  logs: z.strictObject({
    ...common,
    verb: z.literal('logs'),
    machineId: z.string(),
    lines: z.int().describe('How many of the last lines.'),
    follow: z.boolean().describe('Whether to go on with what comes, until it is ended.'),
  }),
} as const;

/** The protocol as a JSON Schema, for whoever writes a program. */
export function protocolJsonSchema(): object {
  const described = (schemas: Readonly<Record<string, z.ZodType>>, what: string, io: 'input' | 'output') =>
    Object.entries(schemas).map(([verb, schema]) => {
      const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
      return [`${verb}${what}`, rest] as const;
    });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Drover exec provider, protocol ${PROTOCOL}`,
    description:
      'What a program reads (...Request) and answers (...Reply, or failure). docs/providers/exec.md tells it.',
    $defs: Object.fromEntries([
      ...described(requestSchemas, 'Request', 'output'),
      ...described(replySchemas, 'Reply', 'input'),
      ...described({ failure: failureSchema }, '', 'input'),
    ]),
  };
}
