import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { addressSchema, filePathSchema, nameSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';

const MAX_HOSTS = 64;
const MAX_URL_CHARACTERS = 512;
export const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';
const DEFAULT_TLS_PORT = 2376;
const LOOPBACK = '127.0.0.1';

/** How an engine is reached. */
const connectionSettings = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('socket'), path: z.string() }),
  z.object({
    kind: z.literal('tcp'),
    host: z.string(),
    port: z.int(),
    /** Paths of files; null on loopback alone. */
    tls: z.object({ ca: z.string().nullable(), cert: z.string(), key: z.string() }).nullable(),
  }),
  z.object({ kind: z.literal('ssh'), destination: z.string(), port: z.int().nullable() }),
]);

const engineSettings = z.object({
  /** One without a name is the only place. */
  zone: z.string().nullable(),
  connection: connectionSettings,
  /** Where published ports are reached; null where a person has to say it. */
  address: z.string().nullable(),
});
export type EngineSettings = z.infer<typeof engineSettings>;
export type Connection = EngineSettings['connection'];

const providerSettings = z.object({ hosts: z.array(engineSettings).min(1) });

const DESTINATION = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*$/;

const engineUrl = shown(z.string()).max(MAX_URL_CHARACTERS);
const tlsSchema = z.strictObject({
  ca: filePathSchema.optional().describe("The CA of the engine's certificate; the system's if not given."),
  cert: filePathSchema.describe("Drover's own certificate, which the engine asks for."),
  key: filePathSchema.describe('Its private key.'),
});
const hostFields = {
  engine: engineUrl
    .optional()
    .describe('Where the engine is: `unix:///path`, `tcp://host:2376` with `tls`, or `ssh://user@host`.'),
  tls: tlsSchema.optional().describe('Files for TLS; relative to the fleet file.'),
  address: addressSchema
    .optional()
    .describe('The IP address of the host that published ports are bound to, and reached at.'),
};
type WrittenHost = z.infer<z.ZodObject<typeof hostFields>>;

/** The settings of an entry of `providers`. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      ...hostFields,
      hosts: z
        .record(nameSchema, z.strictObject(hostFields))
        .refine((hosts) => Object.keys(hosts).length >= 1, { error: 'name at least one host, or leave hosts out' })
        .refine((hosts) => Object.keys(hosts).length <= MAX_HOSTS, { error: `there may be at most ${MAX_HOSTS}` })
        .optional()
        .describe('Several hosts, by name: each is a zone.'),
    })
    .transform(({ hosts, ...only }, context): JsonObject => {
      const read = (zone: string | null, written: WrittenHost, path: readonly string[]): EngineSettings[] => {
        const found = engineOf(zone, written, baseDir);
        if ('connection' in found) return [found];
        context.issues.push({ code: 'custom', input: {}, path: [...path, found.key], message: found.message });
        return [];
      };
      if (hosts === undefined) return { hosts: read(null, only, []) };
      for (const key of ['engine', 'tls', 'address'] as const) {
        if (only[key] === undefined) continue;
        const message = 'write it under one of the hosts, or leave hosts out';
        context.issues.push({ code: 'custom', input: {}, path: [key], message });
      }
      const all = Object.entries(hosts).flatMap(([zone, written]) => {
        if (written.engine !== undefined) return read(zone, written, ['hosts', zone]);
        const message = 'say where the engine is';
        context.issues.push({ code: 'custom', input: {}, path: ['hosts', zone, 'engine'], message });
        return [];
      });
      const twice = all.find(({ connection }, index) =>
        all.slice(0, index).some((one) => sameEngine(one.connection, connection)),
      );
      if (twice?.zone != null) {
        const message = 'another host has the same engine; each machine would be listed twice';
        context.issues.push({ code: 'custom', input: {}, path: ['hosts', twice.zone, 'engine'], message });
      }
      return { hosts: all };
    });
}

interface Refusal {
  readonly key: 'engine' | 'tls';
  readonly message: string;
}

function engineOf(zone: string | null, written: WrittenHost, baseDir: string): EngineSettings | Refusal {
  const found = connectionOf(written, baseDir);
  if ('message' in found) return found;
  const own =
    found.kind === 'socket' ? LOOPBACK : found.kind === 'tcp' ? ipOf(found.host) : ipOf(hostIn(found.destination));
  return { zone, connection: found, address: written.address ?? own };
}

function ipOf(host: string): string | null {
  return isIP(host) === 0 ? null : host;
}

function hostIn(destination: string): string {
  return destination.slice(destination.indexOf('@') + 1);
}

function connectionOf({ engine = DEFAULT_ENGINE, tls }: WrittenHost, baseDir: string): Connection | Refusal {
  const [, scheme = '', rest = ''] = /^(unix|tcp|ssh):\/\/(.+)$/.exec(engine) ?? [];
  if (tls !== undefined && scheme !== 'tcp') return { key: 'tls', message: 'it is for an engine at tcp://; remove it' };
  switch (scheme) {
    case 'unix':
      if (/^\/[^\p{Cc}]+$/u.test(rest)) return { kind: 'socket', path: rest };
      return { key: 'engine', message: 'the path of a socket starts with /: unix:///run/docker.sock' };
    case 'tcp': {
      const at = addressIn(rest);
      if (at === null) return { key: 'engine', message: 'it is tcp://host:port' };
      const files =
        tls === undefined
          ? null
          : {
              ca: tls.ca === undefined ? null : resolve(baseDir, tls.ca),
              cert: resolve(baseDir, tls.cert),
              key: resolve(baseDir, tls.key),
            };
      if (files === null && !isLoopback(at.host)) {
        return {
          key: 'engine',
          message: 'without TLS whoever reaches the port owns the host; add tls with cert and key, or use ssh://',
        };
      }
      return { kind: 'tcp', ...at, tls: files };
    }
    case 'ssh': {
      const [, destination = '', port] = /^([^:/]+)(?::(\d{1,5}))?\/?$/.exec(rest) ?? [];
      if (!DESTINATION.test(destination))
        return { key: 'engine', message: 'it is ssh://user@host or ssh://user@host:port, without a password' };
      return { kind: 'ssh', destination, port: port === undefined ? null : Number(port) };
    }
    default:
      return { key: 'engine', message: 'it begins with unix://, tcp:// or ssh://' };
  }
}

function addressIn(text: string): { readonly host: string; readonly port: number } | null {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9][A-Za-z0-9.-]*))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? DEFAULT_TLS_PORT : Number(port);
  return host === undefined || number < 1 || number > 65_535 ? null : { host, port: number };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Whether both lead to one engine, as far as that is seen from what is written. */
function sameEngine(a: Connection, b: Connection): boolean {
  return engineUrlOf(a) === engineUrlOf(b);
}

/** For messages, and to tell engines apart. */
export function engineUrlOf(connection: Connection): string {
  switch (connection.kind) {
    case 'socket':
      return `unix://${connection.path}`;
    case 'tcp':
      return `tcp://${connection.host.includes(':') ? `[${connection.host}]` : connection.host}:${connection.port}`;
    case 'ssh':
      return `ssh://${connection.destination}${connection.port === null ? '' : `:${connection.port}`}`;
  }
}

/** The engines of an instance; the local one where the type is used by its own name. */
export function enginesOf(settings: JsonObject): readonly EngineSettings[] {
  const local = {
    hosts: [
      { zone: null, connection: { kind: 'socket', path: DEFAULT_ENGINE.slice('unix://'.length) }, address: LOOPBACK },
    ],
  };
  return readExactly(providerSettings, 'hosts' in settings ? settings : local).hosts;
}
