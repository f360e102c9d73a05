import { resolve } from 'node:path';
import { z } from 'zod';
import type { Json, JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { commandSchema, environmentSchema, variableNameSchema } from '../../settings/command.ts';
import { durationSchema } from '../../settings/duration.ts';
import { filePathSchema, nameSchema } from '../../settings/fields.ts';
import { secretSchema, secretSettings } from '../../settings/secret.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const MAX_ZONES = 64;
const MAX_SECRETS = 32;
/** They are part of each server's record. */
const MAX_TEMPLATE_SETTINGS_CHARACTERS = 16_384;

const RESERVED = /^DROVER_/;
const RESERVED_WHY = 'DROVER_* are set by Drover; remove it';

const execSettings = z.strictObject({
  command: z.array(z.string()).min(1),
  workingDirectory: z.string(),
  environment: z.record(z.string(), z.string()),
  secrets: z.record(z.string(), secretSettings),
  ports: z.enum(['direct', 'assigned']),
  zones: z.array(z.string()),
  instanceTypes: z.boolean(),
  watch: z.boolean(),
  logs: z.boolean(),
  concurrency: z.number(),
  listIntervalMs: z.number(),
  listGapMs: z.number(),
  listLagMs: z.number(),
  terminateTimeoutMs: z.number(),
});

/** What an instance is, after validation: an absolute path, milliseconds. */
export type ExecSettings = z.infer<typeof execSettings>;

/** The settings of an instance, as a person writes them. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      command: commandSchema().describe(
        'The program and its arguments, as a list; launch, list, terminate or watch is added as the last one. No shell is involved.',
      ),
      workingDirectory: filePathSchema
        .default('.')
        .describe('The folder that the program runs in; relative to the fleet file.'),
      environment: environmentSchema(RESERVED, RESERVED_WHY)
        .default({})
        .describe('Variables for the program, beside PATH, HOME, LANG, TZ, USER and those that Drover sets.'),
      secrets: z
        .record(variableNameSchema(RESERVED, RESERVED_WHY), secretSchema(baseDir))
        .refine((secrets) => Object.keys(secrets).length <= MAX_SECRETS, {
          error: `there may be at most ${MAX_SECRETS}`,
        })
        .default({})
        .describe('Variables for the program whose values are secrets: each is read at each call, and never stored.'),
      ports: z
        .enum(['direct', 'assigned'])
        .default('direct')
        .describe('Whether each port of a server is reached at its own number, or at one that the program gives.'),
      zones: z
        .array(nameSchema)
        .max(MAX_ZONES)
        .refine((zones) => new Set(zones).size === zones.length, { error: 'a zone is there twice' })
        .default([])
        .describe('The places that fail by themselves, by name. None where there is one place only.'),
      instanceTypes: z.boolean().default(false).describe('Whether launch templates may name instance types.'),
      watch: z.boolean().default(false).describe('Whether the program can watch: it prints a line for each change.'),
      logs: z.boolean().default(false).describe('Whether the program can show what a machine prints, for drover logs.'),
      concurrency: z
        .int()
        .min(1)
        .max(256)
        .default(4)
        .describe('How many launches and terminations may be under way at once.'),
      listInterval: durationSchema({ minMs: 100, maxMs: HOUR_MS })
        .prefault('5s')
        .describe('The time between two lists while nothing is known to have happened.'),
      listGap: durationSchema({ minMs: 0, maxMs: HOUR_MS })
        .prefault('1s')
        .describe('The least time between two lists, as what the program asks allows it.'),
      listLag: durationSchema({ minMs: 0, maxMs: HOUR_MS })
        .prefault('0s')
        .describe('How far behind the truth a list may be.'),
      terminateTimeout: durationSchema({ minMs: SECOND_MS, maxMs: 24 * HOUR_MS })
        .prefault('5m')
        .describe('How long a machine may take from the first call to terminate it until it is gone.'),
    })
    .transform(
      ({ listInterval, listGap, listLag, terminateTimeout, ...settings }): ExecSettings => ({
        ...settings,
        workingDirectory: resolve(baseDir, settings.workingDirectory),
        listIntervalMs: listInterval,
        listGapMs: listGap,
        listLagMs: listLag,
        terminateTimeoutMs: terminateTimeout,
      }),
    );
}

/** A launch template: one key, whose value is the program's own. */
export function settingsSchema(): z.ZodType<JsonObject> {
  return z.strictObject({
    settings: z
      .record(
        z.string(),
        z.custom<Json>(() => true),
      )
      .refine((value) => JSON.stringify(value).length <= MAX_TEMPLATE_SETTINGS_CHARACTERS, {
        error: `it must have at most ${MAX_TEMPLATE_SETTINGS_CHARACTERS} characters as JSON: the record of each server holds it; let the program read a file`,
      })
      .default({})
      .describe("What the program is given with each launch. It is not checked: its meaning is the program's own."),
  });
}

const templateSettings = z.object({
  settings: z.record(
    z.string(),
    z.custom<Json>(() => true),
  ),
});

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives */
export function readTemplate(settings: JsonObject): JsonObject {
  return readExactly(templateSettings, settings).settings;
}

/** @throws PortError `Invalid` when the settings are not what `providerSettingsSchema` gives */
export function readSettings(settings: JsonObject): ExecSettings {
  return readExactly(execSettings, settings);
}
