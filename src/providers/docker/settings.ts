import { z } from 'zod';
import { KIB } from '../../base/byte-size.ts';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { byteSizeSchema } from '../../settings/byte-size.ts';
import { commandSchema, environmentSchema } from '../../settings/command.ts';
import { durationSchema } from '../../settings/duration.ts';
import { portSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { secretSchema, secretSettings } from '../../settings/secret.ts';
import { LABEL_PREFIX } from './labels.ts';

const MIB = 1024 * KIB;
const TIB = MIB * MIB;
/** The least that Docker takes. */
const MIN_MEMORY_BYTES = 6 * MIB;
const MAX_MEMORY_BYTES = 16 * TIB;
const MIN_CPUS = 0.01;
const MAX_CPUS = 1_024;
export const MAX_STOP_TIMEOUT_MS = 3_600_000;
const MAX_MOUNTS = 64;
const MAX_NETWORKS = 16;
const MAX_PORTS = 64;
const MAX_LABELS = 64;
const MAX_TEXT_CHARACTERS = 1_024;

const PULL_POLICIES = ['missing', 'always', 'never'] as const;

const mountSettings = z.discriminatedUnion('type', [
  z.object({ type: z.literal('bind'), source: z.string(), target: z.string(), readOnly: z.boolean() }),
  z.object({ type: z.literal('volume'), source: z.string().nullable(), target: z.string(), readOnly: z.boolean() }),
  z.object({ type: z.literal('tmpfs'), target: z.string(), sizeBytes: z.number().nullable() }),
]);
export type MountSettings = z.infer<typeof mountSettings>;

/** What a launch needs, after validation: bytes and milliseconds. */
const dockerSettings = z.object({
  image: z.string(),
  pull: z.enum(PULL_POLICIES),
  registryLogin: z.object({ username: z.string(), password: secretSettings }).nullable(),
  command: z.array(z.string()).nullable(),
  entrypoint: z.array(z.string()).nullable(),
  environment: z.record(z.string(), z.string()),
  mounts: z.array(mountSettings),
  networks: z.array(z.string()),
  publishedPorts: z.array(z.int()),
  memoryBytes: z.number().nullable(),
  cpus: z.number().nullable(),
  init: z.boolean(),
  user: z.string().nullable(),
  workingDirectory: z.string().nullable(),
  stopSignal: z.string().nullable(),
  stopTimeoutMs: z.number(),
  log: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  dropCapabilities: z.array(z.string()),
  addCapabilities: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
});
export type DockerSettings = z.infer<typeof dockerSettings>;

const line = shown(z.string())
  .min(1)
  .max(MAX_TEXT_CHARACTERS)
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'it is one line' });

/** `nginx`, `nginx:1.27`, `registry.example:5000/shop/web@sha256:...` */
const imageSchema = shown(z.string())
  .max(MAX_TEXT_CHARACTERS)
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]*(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/,
    {
      error: 'it is an image such as nginx:1.27, registry.example/shop/web:3 or one with @sha256:...',
    },
  );

/** What a container engine knows by name: a network, a volume, a log driver. */
const engineName = shown(z.string()).regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, {
  error: 'it is a name of letters, digits and . _ -, which starts with a letter or a digit',
});
const capability = shown(z.string()).regex(/^(?:CAP_)?[A-Z][A-Z_]{1,31}$/, {
  error: 'it is a capability of Linux such as NET_BIND_SERVICE, or ALL',
});
/** Servers would have each other's, and there is no way back to none. */
const network = engineName.refine((name) => name !== 'host' && name !== 'none' && name !== 'default', {
  error: 'servers have addresses of their own; name a network of the engine, or leave networks out for its bridge',
});
const insidePath = line.refine((path) => path.startsWith('/'), { error: 'it is an absolute path in the container' });

const mountSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bind'),
    source: line.refine((path) => path.startsWith('/'), { error: "it is an absolute path on the engine's host" }),
    target: insidePath,
    readOnly: z.boolean().default(true),
  }),
  z.strictObject({
    type: z.literal('volume'),
    source: engineName.optional(),
    target: insidePath,
    readOnly: z.boolean().default(false),
  }),
  z.strictObject({
    type: z.literal('tmpfs'),
    target: insidePath,
    size: byteSizeSchema({ minBytes: KIB, maxBytes: MAX_MEMORY_BYTES }).optional(),
  }),
]);

function readMount(mount: z.output<typeof mountSchema>): MountSettings {
  switch (mount.type) {
    case 'bind':
      return mount;
    case 'volume':
      return { ...mount, source: mount.source ?? null };
    case 'tmpfs':
      return { type: 'tmpfs', target: mount.target, sizeBytes: mount.size ?? null };
  }
}

const BOUNDED_LOG = { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '2' } };

/** The launch template's settings as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      image: imageSchema.describe('The image of the servers. Without a tag it is `latest`.'),
      pull: z
        .enum(PULL_POLICIES)
        .default('missing')
        .describe('When the image is pulled: where it is `missing`, `always` before a launch, or `never`.'),
      registryLogin: z
        .strictObject({
          username: line.describe('The user of the registry.'),
          password: secretSchema(baseDir).describe('Where the password or the token is.'),
        })
        .optional()
        .describe("Who pulls the image from its registry. The engine's own logins are not used."),
      command: commandSchema().optional().describe("The command, as a list; the image's if not given."),
      entrypoint: commandSchema().optional().describe("The entrypoint, as a list; the image's if not given."),
      environment: environmentSchema(/^DROVER_/, 'DROVER_* are set by Drover; remove it')
        .default({})
        .describe('Variables for the server, beside those that Drover sets. Whoever may use the engine can read them.'),
      mounts: z
        .array(mountSchema)
        .max(MAX_MOUNTS)
        .default([])
        .describe('What is mounted: `bind`, `volume` or `tmpfs`.'),
      networks: z
        .array(network)
        .max(MAX_NETWORKS)
        .refine((names) => new Set(names).size === names.length, { error: 'each network is named once' })
        .default([])
        .describe(
          "Networks of the engine, the one that servers are reached on first; the engine's bridge if none is named.",
        ),
      publishedPorts: z
        .array(portSchema)
        .max(MAX_PORTS)
        .refine((ports) => new Set(ports).size === ports.length, { error: 'each port is named once' })
        .default([])
        .describe(
          "Ports of the server that are published on the host's address, at ports that the engine chooses. Servers are reached there, instead of at an address of their own.",
        ),
      memory: byteSizeSchema({ minBytes: MIN_MEMORY_BYTES, maxBytes: MAX_MEMORY_BYTES })
        .optional()
        .describe('The most memory of a server, without swap; no limit if not given.'),
      cpus: z
        .number()
        .min(MIN_CPUS)
        .max(MAX_CPUS)
        .optional()
        .describe('The most processors, such as 0.5; no limit if not given.'),
      init: z.boolean().default(true).describe('Whether a small init passes signals on and reaps processes.'),
      user: line.optional().describe("The user, as a name or a number; the image's if not given."),
      workingDirectory: insidePath.optional().describe("The working directory; the image's if not given."),
      stopSignal: shown(z.string())
        .regex(/^SIG[A-Z0-9+-]{2,10}$/, { error: 'it is a signal such as SIGTERM' })
        .optional()
        .describe("What asks a server to stop; the image's if not given."),
      stopTimeout: durationSchema({ maxMs: MAX_STOP_TIMEOUT_MS })
        .prefault('10s')
        .describe('How long a server may go on after its stop signal before it is killed; in whole seconds.'),
      log: z
        .strictObject({
          driver: engineName.describe('A log driver of the engine.'),
          options: z.record(engineName, line).default({}).describe('Its options.'),
        })
        .default(BOUNDED_LOG)
        .describe("Where a server's output goes; files of 10 MB, two of them, if not given."),
      dropCapabilities: z
        .array(capability)
        .default(['AUDIT_WRITE', 'MKNOD', 'NET_RAW'])
        .describe("Which of the engine's default capabilities a server does not have; `ALL` for none of them."),
      addCapabilities: z
        .array(capability.refine((name) => name !== 'ALL', { error: 'name those that are needed' }))
        .default([])
        .describe('Capabilities that a server has beside them.'),
      labels: z
        .record(line, z.string().max(MAX_TEXT_CHARACTERS))
        .refine((labels) => Object.keys(labels).length <= MAX_LABELS, { error: `there may be at most ${MAX_LABELS}` })
        .refine((labels) => !Object.keys(labels).some((name) => name.startsWith(LABEL_PREFIX)), {
          error: `labels that begin with ${LABEL_PREFIX} are Drover's own`,
        })
        .default({})
        .describe('Labels of your own for the containers.'),
    })
    .transform(
      ({ stopTimeout, memory, mounts, ...written }): DockerSettings => ({
        ...written,
        registryLogin: written.registryLogin ?? null,
        command: written.command ?? null,
        entrypoint: written.entrypoint ?? null,
        cpus: written.cpus ?? null,
        user: written.user ?? null,
        workingDirectory: written.workingDirectory ?? null,
        stopSignal: written.stopSignal ?? null,
        memoryBytes: memory ?? null,
        stopTimeoutMs: stopTimeout,
        mounts: mounts.map(readMount),
      }),
    );
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives. */
export function readSettings(settings: JsonObject): DockerSettings {
  return readExactly(dockerSettings, settings);
}
