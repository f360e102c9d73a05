import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { commandSchema } from '../../settings/command.ts';
import { durationSchema } from '../../settings/duration.ts';
import { addressSchema, filePathSchema, nameSchema, portSchema, userNameSchema } from '../../settings/fields.ts';
import { checkSchema, checkSettings } from './check.ts';
import { hostPowerSettings, hostVariablesSchema, powerOf, powerSettingsSchema } from './power.ts';

const MAX_HOSTS = 256;
const MAX_QUARANTINE_MS = 86_400_000;
const DEFAULT_DIRECTORY = '/var/lib/drover';

/** What is run on a host for a server. */
const launchSettings = z.object({
  start: z.array(z.string()),
  stop: z.array(z.string()),
  status: checkSettings.nullable(),
  restart: z.array(z.string()).nullable(),
});
export type LaunchSettings = z.infer<typeof launchSettings>;

/** The launch template's settings as a person writes them. */
export function settingsSchema(_baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      start: commandSchema().describe(
        'Run on the host to begin serving, such as [systemctl, start, shop]. Started twice it does what once does.',
      ),
      stop: commandSchema().describe(
        'Run on the host to end serving, such as [systemctl, stop, shop]; it may be stopped already.',
      ),
      status: checkSchema()
        .optional()
        .describe(
          'Asked with each list: whether it serves. A command that is run on the host, { tcp: port } or { http: { port, path } }. Without it, that is a matter of health checks alone.',
        ),
      restart: commandSchema()
        .optional()
        .describe('Run on the host when `status` fails, once, before the host is given up.'),
    })
    .refine(({ status, restart }) => restart === undefined || status !== undefined, {
      error: 'it needs a status, which says when to restart',
      path: ['restart'],
    })
    .transform(({ start, stop, status = null, restart = null }): LaunchSettings => ({ start, stop, status, restart }));
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives */
export function readSettings(settings: JsonObject): LaunchSettings {
  return readExactly(launchSettings, settings);
}

const hostSettings = z.object({
  name: z.string(),
  address: z.string(),
  /** Gives a shell (sh) on the host, which reads a script from its standard input. */
  shell: z.array(z.string()),
  power: hostPowerSettings,
});
export type HostSettings = z.infer<typeof hostSettings>;

const providerSettings = z.object({
  hosts: z.array(hostSettings),
  directory: z.string(),
  check: checkSettings,
  quarantineMs: z.number(),
  bootTimeoutMs: z.number(),
  /** Where the commands of `power` are run: the folder of the fleet file. */
  workingDirectory: z.string(),
});
export type StaticSettings = z.infer<typeof providerSettings>;

/** The settings of an entry of `providers`. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      hosts: z
        .record(
          nameSchema,
          z.strictObject({
            address: addressSchema.describe('Where HAProxy reaches the host, and ssh, too.'),
            shell: commandSchema()
              .optional()
              .describe(
                'A program that gives a shell (sh) on the host, instead of ssh; it reads a script from its standard input.',
              ),
            variables: hostVariablesSchema,
          }),
        )
        .refine((hosts) => Object.keys(hosts).length >= 1, { error: 'name at least one host' })
        .refine((hosts) => Object.keys(hosts).length <= MAX_HOSTS, { error: `there may be at most ${MAX_HOSTS}` })
        .refine(
          (hosts) => new Set(Object.values(hosts).map(({ address }) => address)).size === Object.keys(hosts).length,
          {
            error: 'each host has an address of its own',
          },
        )
        .describe('The hosts, by name. Each is a zone, and serves one instance at a time.'),
      ssh: z
        .strictObject({
          user: userNameSchema.optional().describe("The user on the hosts; ssh's own choice if not given."),
          port: portSchema.default(22).describe('The port of ssh.'),
          identityFile: filePathSchema.optional().describe('The private key; relative to the fleet file.'),
          knownHostsFile: filePathSchema.optional().describe("The hosts' keys; relative to the fleet file."),
        })
        .prefault({})
        .describe(
          'How hosts are reached: with the `ssh` of this host, its configuration and keys. Host keys are checked.',
        ),
      directory: filePathSchema
        .default(DEFAULT_DIRECTORY)
        .describe(
          'A folder on each host for the mark of who uses it; the same for all fleets. Relative to the home of the user.',
        ),
      power: powerSettingsSchema,
      check: checkSchema()
        .default(['true'])
        .describe(
          'Asked of a host that has failed, and of one that was switched on: whether it may be used. As status.',
        ),
      quarantine: durationSchema({ maxMs: MAX_QUARANTINE_MS })
        .prefault('5m')
        .describe('How long a host that has failed is not used, whatever the check says.'),
    })
    .transform(({ hosts, ssh, directory, power, check, quarantine }, context): StaticSettings => {
      const read: HostSettings[] = [];
      for (const [name, { address, shell, variables }] of Object.entries(hosts)) {
        const own = powerOf(power, { name, address, variables });
        if ('wrong' in own) {
          const { command, message } = own.wrong;
          context.issues.push({ code: 'custom', input: power, path: ['power', command], message });
          return z.NEVER;
        }
        read.push({ name, address, shell: shell ?? sshTo(address, ssh, baseDir), power: own });
      }
      return {
        hosts: read,
        directory,
        check,
        quarantineMs: quarantine,
        bootTimeoutMs: power.bootTimeout,
        workingDirectory: baseDir,
      };
    });
}

interface SshSettings {
  readonly user?: string | undefined;
  readonly port: number;
  readonly identityFile?: string | undefined;
  readonly knownHostsFile?: string | undefined;
}

/** Without questions, and never with a host whose key is not known. */
function sshTo(address: string, { user, port, identityFile, knownHostsFile }: SshSettings, baseDir: string): string[] {
  const inBase = (path: string) => (isAbsolute(path) ? path : resolve(baseDir, path));
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=5', 'ServerAliveInterval=5'];
  if (identityFile !== undefined) options.push('IdentitiesOnly=yes');
  if (knownHostsFile !== undefined) options.push(`UserKnownHostsFile=${quotedPath(inBase(knownHostsFile))}`);
  return [
    'ssh',
    '-T',
    ...options.flatMap((option) => ['-o', option]),
    ...['-p', String(port)],
    ...(identityFile === undefined ? [] : ['-i', inBase(identityFile)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...['--', address, 'sh'],
  ];
}

/** ssh takes several files, apart by spaces, and `%` for its own. */
function quotedPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** @throws PortError `Invalid` when the settings are not what `providerSettingsSchema` gives */
export function readProviderSettings(settings: JsonObject): StaticSettings {
  return readExactly(providerSettings, settings);
}
