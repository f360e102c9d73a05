import { resolve } from 'node:path';
import { z } from 'zod';
import { KIB } from '../../base/byte-size.ts';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { byteSizeSchema } from '../../settings/byte-size.ts';
import { commandSchema, environmentSchema } from '../../settings/command.ts';
import { durationSchema } from '../../settings/duration.ts';
import type { Problem } from '../../settings/explain.ts';
import { filePathSchema, portSchema, userNameSchema } from '../../settings/fields.ts';
import type { TemplateUse } from '../../settings/settings-schema.ts';
import { maxLogBytesSchema, stopSignalSchema } from './record.ts';
import { RESERVED_VARIABLES } from './tags.ts';

const userSchema = userNameSchema.nullable().default(null);

export const MAX_STOP_TIMEOUT_MS = 3_600_000;
const MIN_LOG_BYTES = 64 * KIB;
const MAX_LOG_BYTES = 1024 * KIB * KIB;
const MIN_MEMORY_BYTES = 4 * KIB * KIB;
const MAX_MEMORY_BYTES = 16 * 1024 * KIB * KIB * KIB;
const MIN_CPUS = 0.01;
const MAX_CPUS = 1_024;
const DEFAULT_LOG_SIZE = '10MiB';

/** What a launch needs, after validation: an absolute path, milliseconds. */
const processSettings = z.object({
  command: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()),
  workingDirectory: z.string(),
  portRange: z.object({ from: z.int(), to: z.int() }),
  // An intent that an earlier version left behind has no more than the rest.
  stopSignal: stopSignalSchema,
  stopTimeoutMs: z.number(),
  maxLogSizeBytes: maxLogBytesSchema,
  user: userSchema,
  memoryBytes: z.number().nullable().default(null),
  cpus: z.number().nullable().default(null),
});

export type ProcessSettings = z.infer<typeof processSettings>;
/** Without limits they are left out, so that the launch template is the one that it was before there were any. */
type WrittenSettings = Omit<ProcessSettings, 'memoryBytes' | 'cpus'> & { memoryBytes?: number; cpus?: number };

/** The launch template's settings as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      command: commandSchema().describe('The program and its arguments, as a list; no shell is involved.'),
      environment: environmentSchema(RESERVED_VARIABLES, 'PORT, HOST and DROVER_* are set by Drover; remove it')
        .default({})
        .describe('Variables for the server, beside PATH, HOME, LANG, TZ, USER and those that Drover sets.'),
      workingDirectory: filePathSchema
        .default('.')
        .describe('The folder that the server runs in; relative to the fleet file.'),
      portRange: z
        .strictObject({ from: portSchema.describe('The first port.'), to: portSchema.describe('The last port.') })
        .check(({ value, issues }) => {
          const { from, to } = value;
          if (from <= to) return;
          issues.push({ code: 'custom', input: value, message: `from (${from}) must not be greater than to (${to})` });
        })
        .default({ from: 20_000, to: 29_999 })
        .describe('Each server gets a port of its own from this range, in PORT.'),
      stopSignal: stopSignalSchema.describe('What asks the main process of a server to stop.'),
      stopTimeout: durationSchema({ maxMs: MAX_STOP_TIMEOUT_MS })
        .prefault('10s')
        .describe('How long a server may go on after its stop signal before SIGKILL ends all of its processes.'),
      maxLogSize: byteSizeSchema({ minBytes: MIN_LOG_BYTES, maxBytes: MAX_LOG_BYTES })
        .prefault(DEFAULT_LOG_SIZE)
        .describe('The size at which the log of a server begins anew; the one before is kept.'),
      user: userSchema.describe('The user of the host that servers run as, where Drover runs as root.'),
      memory: byteSizeSchema({ minBytes: MIN_MEMORY_BYTES, maxBytes: MAX_MEMORY_BYTES })
        .optional()
        .describe(
          'What all processes of a server may use together; a server that needs more is ended. It needs cgroup v2.',
        ),
      cpus: z
        .number()
        .min(MIN_CPUS)
        .max(MAX_CPUS)
        .optional()
        .describe('The processor time that a server may use, in whole processors, such as 0.5. It needs cgroup v2.'),
    })
    .transform(
      ({ stopTimeout, maxLogSize, memory, cpus, ...settings }): WrittenSettings => ({
        ...settings,
        workingDirectory: resolve(baseDir, settings.workingDirectory),
        stopTimeoutMs: stopTimeout,
        maxLogSizeBytes: maxLogSize,
        ...(memory === undefined ? {} : { memoryBytes: memory }),
        ...(cpus === undefined ? {} : { cpus }),
      }),
    );
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives. */
export function readSettings(settings: JsonObject): ProcessSettings {
  return readExactly(processSettings, settings);
}

/** The addresses of listeners that keep a server of this host from a port, beside those of 127.0.0.0/8. */
const EVERY_INTERFACE = ['0.0.0.0', '::'];

/** Whether none of the ports is a listener's: a server could take it before HAProxy does. */
export function settingsProblems(settings: JsonObject, { listeners }: TemplateUse): readonly Problem[] {
  const { from, to } = readSettings(settings).portRange;
  const taken = listeners.filter(
    ({ address, port }) =>
      port >= from && port <= to && (EVERY_INTERFACE.includes(address) || address.startsWith('127.')),
  );
  return taken.slice(0, 1).map(({ where, port }) => ({
    path: ['portRange'],
    message: `${from} to ${to} holds port ${port}, which ${where} listens on, and a server could take it; choose other ports for one of them`,
  }));
}
