import { resolve } from 'node:path';
import { z } from 'zod';
import { KIB } from '../../base/byte-size.ts';
import type { JsonObject } from '../../model/json.ts';
import { PortError } from '../../ports/errors.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { byteSizeSchema } from '../../settings/byte-size.ts';
import { parseExplained } from '../../settings/explain.ts';
import { filePathSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { userDataSchema, userDataSettings } from '../../settings/user-data.ts';
import { MAX_SUFFIX, networkOf } from './addresses.ts';

const VAGRANT_PROVIDERS = ['virtualbox', 'libvirt', 'docker'] as const;
export type VagrantProvider = (typeof VAGRANT_PROVIDERS)[number];

const MAX_ARGUMENTS = 64;
const MAX_STEPS = 16;
const MAX_PROVIDER_SETTINGS = 64;
const MIN_MEMORY_BYTES = 4 * KIB ** 2;
const MAX_MEMORY_BYTES = 1024 * KIB ** 3;
const MAX_CPUS = 256;

/** Those that Drover sets itself: names, tags, and what makes a server one machine of its own. */
const RESERVED_SETTINGS: readonly string[] = [
  'name',
  'default_prefix',
  'description',
  'memory',
  'cpus',
  'uri',
  'remains_running',
  'force_host_vm',
  'build_dir',
  'git_repo',
  'compose',
];

const word = z.string().max(4_096);
const scalar = z.union([z.string().max(4_096), z.number(), z.boolean()]);
const settingValue = z.union([
  scalar,
  z.array(z.union([scalar, z.array(scalar).max(MAX_ARGUMENTS)])).max(MAX_ARGUMENTS),
  z.record(z.string().max(256), scalar),
]);

/** A step of the preparation: a script, and what it is given. */
const stepSettings = z.strictObject({
  script: userDataSettings,
  args: z.array(z.string()),
  privileged: z.boolean(),
});

const machineSettings = z.strictObject({
  box: z.string().nullable(),
  boxVersion: z.string().nullable(),
  memoryMib: z.int().nullable(),
  cpus: z.int().nullable(),
  userData: userDataSettings.nullable(),
  provision: z.array(stepSettings),
  providerSettings: z.record(z.string(), settingValue),
});
export type MachineSettings = z.infer<typeof machineSettings>;
export type Step = z.infer<typeof stepSettings>;

/** Settings of an instance of the provider. */
const vagrantSettings = z.strictObject({
  vagrantProvider: z.enum(VAGRANT_PROVIDERS),
  home: z.string().nullable(),
  uri: z.string(),
  dockerHost: z.string().nullable(),
  privateNetwork: z.strictObject({ network: z.string(), from: z.string(), to: z.string() }).nullable(),
});
export type VagrantSettings = z.infer<typeof vagrantSettings>;

const boxSchema = shown(z.string()).regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, {
  error: 'it is the name of a box, such as debian/bookworm64',
});

function stepSchema(baseDir: string): z.ZodType<Step> {
  return z
    .strictObject({
      path: filePathSchema.optional().describe('A script in a file; relative to the fleet file.'),
      inline: z.string().min(1).optional().describe('The script itself.'),
      args: z
        .array(word)
        .max(MAX_ARGUMENTS)
        .default([])
        .describe('Its arguments. `{{ drover.instanceId }}` and the like are filled in.'),
      privileged: z.boolean().default(true).describe('Whether it is run as root.'),
    })
    .transform(({ path, inline, args, privileged }, context): Step => {
      const names = { text: 'inline', file: 'path' };
      const refuse = (at: readonly PropertyKey[], message: string) =>
        void context.issues.push({ code: 'custom', input: {}, path: [...at], message });
      if ((path === undefined) === (inline === undefined)) {
        refuse([], 'it has either path or inline');
        return z.NEVER;
      }
      const written = path === undefined ? { text: inline } : { file: path };
      const script = parseExplained(userDataSchema(baseDir), written);
      if ('value' in script) return { script: script.value, args, privileged };
      for (const { path: at, message } of script.problems) {
        refuse(at[0] === 'text' || at[0] === 'file' ? [names[at[0]]] : [], message);
      }
      return z.NEVER;
    });
}

/** The launch template's settings as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      box: boxSchema
        .optional()
        .describe('The Vagrant box that a server is made of; of the provider `docker` an image takes its place.'),
      boxVersion: shown(z.string())
        .regex(/^[0-9A-Za-z<>=~!., -]{1,64}$/, { error: 'it is a version, or a constraint such as ">= 1.2, < 2"' })
        .optional()
        .describe('Which version of the box; without it the newest that is there.'),
      memory: byteSizeSchema({ minBytes: MIN_MEMORY_BYTES, maxBytes: MAX_MEMORY_BYTES })
        .optional()
        .describe('The memory of a server; without it as much as the box or the provider gives.'),
      cpus: z.int().min(1).max(MAX_CPUS).optional().describe('The processors of a server.'),
      userData: userDataSchema(baseDir)
        .refine(({ text, file }) => file !== null || text?.startsWith('#!') === true, {
          path: ['text'],
          error:
            'Vagrant runs it as a script when the server is up, so it begins with #!; cloud-init has no part in that',
        })
        .optional()
        .describe('A script that is run as root on a new server, before `provision`.'),
      provision: z
        .array(stepSchema(baseDir))
        .max(MAX_STEPS)
        .default([])
        .describe('Shell scripts that prepare a new server, one after the other.'),
      providerSettings: z
        .record(
          z
            .string()
            .regex(/^[a-z][a-z0-9_]{0,63}$/, { error: "it is the name of one of the Vagrant provider's settings" })
            .refine((name) => !RESERVED_SETTINGS.includes(name), { error: 'Drover sets this itself; remove it' }),
          settingValue,
        )
        .refine((settings) => Object.keys(settings).length <= MAX_PROVIDER_SETTINGS, {
          error: `there may be at most ${MAX_PROVIDER_SETTINGS}`,
        })
        .default({})
        .describe("Settings of the Vagrant provider by the names of its own documentation, such as docker's `image`."),
    })
    .transform(
      ({ box, boxVersion, memory, cpus, userData, ...rest }): MachineSettings => ({
        box: box ?? null,
        boxVersion: boxVersion ?? null,
        memoryMib: memory === undefined ? null : Math.floor(memory / KIB ** 2),
        cpus: cpus ?? null,
        userData: userData ?? null,
        ...rest,
      }),
    );
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives. */
export function readSettings(settings: JsonObject): MachineSettings {
  return readExactly(machineSettings, settings);
}

const ipv4Schema = shown(z.ipv4({ error: 'it must be an IPv4 address' }));

const privateNetworkSchema = z
  .strictObject({
    network: shown(z.cidrv4({ error: 'it must be an IPv4 network such as 192.168.56.0/24' })).describe(
      'The network, such as 192.168.56.0/24.',
    ),
    from: ipv4Schema.optional().describe('The first address for servers; without it the tenth of the network.'),
    to: ipv4Schema.optional().describe('The last one; without it the last of the network.'),
  })
  .transform(({ network, from, to }, context) => {
    const refuse = (path: string, message: string) => {
      context.issues.push({ code: 'custom', input: network, path: [path], message });
      return z.NEVER;
    };
    const range = networkOf(network);
    if (range.suffix > MAX_SUFFIX) return refuse('network', `it has no room for servers; a /${MAX_SUFFIX} has`);
    const whole = { network: range.network, from: from ?? range.first, to: to ?? range.last };
    if (!range.has(whole.from)) return refuse('from', `${whole.from} is no address for a server of ${range.network}`);
    if (!range.has(whole.to)) return refuse('to', `${whole.to} is no address for a server of ${range.network}`);
    if (range.index(whole.from) > range.index(whole.to)) return refuse('to', `it is before ${whole.from}`);
    return whole;
  });

/** An entry of `providers`. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      vagrantProvider: z
        .enum(VAGRANT_PROVIDERS)
        .default('virtualbox')
        .describe("Vagrant's own provider, which runs the servers."),
      home: filePathSchema
        .optional()
        .describe("Vagrant's folder of boxes and plugins (VAGRANT_HOME); relative to the fleet file."),
      uri: shown(z.string())
        .regex(/^[a-z][a-z0-9+]{0,31}:\/\/[^\s\p{Cc}]{0,255}$/u, {
          error: 'it is a URI of libvirt, such as qemu:///system',
        })
        .optional()
        .describe('Where libvirt is; without it qemu:///system.'),
      dockerHost: shown(z.string())
        .regex(/^(?:unix|tcp|ssh):\/\/[^\s\p{Cc}]{1,255}$/u, {
          error: 'it is the address of an engine, such as unix:///var/run/docker.sock',
        })
        .optional()
        .describe('Where the Docker engine is (DOCKER_HOST); without it where `docker` itself finds it.'),
      privateNetwork: privateNetworkSchema
        .optional()
        .describe('The private network of the servers: each gets an address of its own from the range.'),
    })
    .transform(({ vagrantProvider, home, uri, dockerHost, privateNetwork }, context): VagrantSettings => {
      const refuse = (path: string, message: string) => {
        context.issues.push({ code: 'custom', input: {}, path: [path], message });
        return z.NEVER;
      };
      if (uri !== undefined && vagrantProvider !== 'libvirt')
        return refuse('uri', 'it is for the provider libvirt only');
      if (dockerHost !== undefined && vagrantProvider !== 'docker')
        return refuse('dockerHost', 'it is for the provider docker only');
      return {
        vagrantProvider,
        home: home === undefined ? null : resolve(baseDir, home),
        uri: uri ?? 'qemu:///system',
        dockerHost: dockerHost ?? null,
        privateNetwork: privateNetwork ?? (vagrantProvider === 'virtualbox' ? VIRTUALBOX_NETWORK : null),
      };
    });
}

/** The host-only network that VirtualBox allows without being asked. Its servers have no other address that the host reaches. */
const VIRTUALBOX_NETWORK = { network: '192.168.56.0/24', from: '192.168.56.10', to: '192.168.56.254' } as const;

/** @throws PortError `Invalid` when the settings are not what `providerSettingsSchema` gives. */
export function readProviderSettings(settings: JsonObject): VagrantSettings {
  const result = vagrantSettings.safeParse(settings);
  if (result.success) return result.data;
  throw new PortError('Invalid', 'providerSettings', z.prettifyError(result.error));
}
