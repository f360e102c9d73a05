import { resolve } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { durationSchema } from '../../settings/duration.ts';
import { filePathSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { userDataSchema, userDataSettings } from '../../settings/user-data.ts';

const MAX_KEYS = 256;
const MAX_VALUE_CHARACTERS = 16_384;
const MAX_MEMBERS = 64;
const MAX_URL_CHARACTERS = 512;
export const MAX_STOP_TIMEOUT_MS = 600_000;
const DEFAULT_SOCKET = '/var/lib/incus/unix.socket';
/** Where cloud-init finds user data. */
export const USER_DATA_KEY = 'cloud-init.user-data';

/** What a launch needs, after validation. */
const incusSettings = z.object({
  image: z.string(),
  imageServer: z.string().nullable(),
  type: z.enum(['container', 'virtual-machine']),
  profiles: z.array(z.string()),
  config: z.record(z.string(), z.string()),
  devices: z.record(z.string(), z.record(z.string(), z.string())),
  userData: userDataSettings.nullable(),
  stopTimeoutMs: z.number(),
});
export type IncusSettings = z.infer<typeof incusSettings>;

const incusName = shown(z.string()).regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, {
  error: 'it is a name of letters, digits and . _ : / -, which starts with a letter or a digit',
});
const keySchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
  error: 'the name of a key has letters, digits and . _ -',
});
const configKeySchema = keySchema
  .refine((key) => !key.startsWith('user.drover.'), { error: 'user.drover.* are set by Drover; remove it' })
  .refine((key) => !key.startsWith('volatile.'), { error: 'volatile.* belong to Incus; remove it' });
/** Incus keeps text; YAML reads `2` and `true` as what they look like. */
const valueSchema = z.union([z.string().max(MAX_VALUE_CHARACTERS), z.number(), z.boolean()]).transform(String);
const keyValues = <K extends z.ZodType<string, string>>(key: K) =>
  z.record(key, valueSchema).refine((values) => Object.keys(values).length <= MAX_KEYS, {
    error: `there may be at most ${MAX_KEYS}`,
  });

/** The launch template's settings as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      image: incusName.describe('The image: an alias, or a fingerprint.'),
      imageServer: shown(z.string())
        .max(MAX_URL_CHARACTERS)
        .regex(/^https:\/\/[^\s@]+$/, { error: 'it is the https:// URL of an image server' })
        .optional()
        .describe('The image server (simplestreams) that has it; the Incus server itself if not given.'),
      type: z
        .enum(['container', 'virtual-machine'])
        .default('container')
        .describe('What servers are: containers or virtual machines.'),
      profiles: z.array(incusName).max(MAX_KEYS).default(['default']).describe('The profiles of a server, in order.'),
      config: keyValues(configKeySchema)
        .default({})
        .describe('Configuration of a server beside that of its profiles, such as limits.memory.'),
      devices: z
        .record(keySchema, keyValues(keySchema))
        .default({})
        .describe('Devices of a server beside those of its profiles.'),
      userData: userDataSchema(baseDir).optional().describe('What cloud-init is told at the first boot.'),
      stopTimeout: durationSchema({ maxMs: MAX_STOP_TIMEOUT_MS })
        .prefault('30s')
        .describe('How long a server may take to shut down before it is switched off.'),
    })
    .transform(({ imageServer = null, userData = null, stopTimeout, ...rest }, context): IncusSettings => {
      if (userData !== null && USER_DATA_KEY in rest.config) {
        const message = 'it is there as userData, too; keep one of them';
        context.issues.push({ code: 'custom', input: {}, path: ['config', USER_DATA_KEY], message });
        return z.NEVER;
      }
      return { ...rest, imageServer, userData, stopTimeoutMs: stopTimeout };
    });
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives. */
export function readSettings(settings: JsonObject): IncusSettings {
  return readExactly(incusSettings, settings);
}

const serverSettings = z.object({
  /** Null where it is reached by its URL. */
  socket: z.string().nullable(),
  url: z.string().nullable(),
  certificate: z.string().nullable(),
  key: z.string().nullable(),
  serverCertificate: z.string().nullable(),
  project: z.string(),
  members: z.array(z.string()),
});
export type ServerSettings = z.infer<typeof serverSettings>;

/** The settings of an entry of `providers`. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      socket: filePathSchema.optional().describe(`The server's socket; \`${DEFAULT_SOCKET}\` if there is no url.`),
      url: shown(z.string())
        .max(MAX_URL_CHARACTERS)
        .regex(/^https:\/\/[^\s@/?#]+$/, {
          error: 'it is an https:// URL without a path, such as https://host-a.example:8443',
        })
        .optional()
        .describe("The server's URL, instead of a socket."),
      certificate: filePathSchema.optional().describe('The client certificate that the server trusts (PEM).'),
      key: filePathSchema.optional().describe("That certificate's key (PEM)."),
      serverCertificate: filePathSchema
        .optional()
        .describe(
          "The server's own certificate (PEM), where no known authority has signed it: no other is accepted then.",
        ),
      project: incusName.default('default').describe('The project of the servers.'),
      members: z
        .array(incusName)
        .max(MAX_MEMBERS)
        .refine((members) => new Set(members).size === members.length, { error: 'a member is there twice' })
        .default([])
        .describe('The members of a cluster that servers are launched on: each is a zone.'),
    })
    .transform((written, context): ServerSettings => {
      const refuse = (path: string, message: string) => {
        context.issues.push({ code: 'custom', input: {}, path: [path], message });
        return z.NEVER;
      };
      const { socket, url, certificate, key, serverCertificate, project, members } = written;
      const path = (file: string | undefined) => (file === undefined ? null : resolve(baseDir, file));
      if (url === undefined) {
        for (const name of ['certificate', 'key', 'serverCertificate'] as const) {
          if (written[name] !== undefined) return refuse(name, 'it needs a url');
        }
        const own = { url: null, certificate: null, key: null, serverCertificate: null };
        return { ...own, socket: path(socket) ?? DEFAULT_SOCKET, project, members };
      }
      if (socket !== undefined) return refuse('socket', 'name a socket or a url, not both');
      if (certificate === undefined) return refuse('certificate', 'a url needs the certificate of a trusted client');
      if (key === undefined) return refuse('key', 'a url needs the key of the certificate');
      const files = { certificate: path(certificate), key: path(key), serverCertificate: path(serverCertificate) };
      return { ...files, socket: null, url, project, members };
    });
}

/** The server of an instance; that of an empty entry where the type is used by its own name. */
export function serverOf(settings: JsonObject): ServerSettings {
  const own = 'project' in settings ? settings : providerSettingsSchema('/').parse(settings);
  return readExactly(serverSettings, own);
}
