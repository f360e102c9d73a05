import { z } from 'zod';
import { KIB } from '../../base/byte-size.ts';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { byteSizeSchema } from '../../settings/byte-size.ts';
import { durationSchema } from '../../settings/duration.ts';
import { filePathSchema, nameSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { userDataSchema, userDataSettings } from '../../settings/user-data.ts';

const MIB = 1024 * KIB;
const TIB = MIB * MIB;
const MIN_MEMORY_BYTES = 32 * MIB;
const MAX_MEMORY_BYTES = 16 * TIB;
const MIN_DISK_BYTES = MIB;
const MAX_DISK_BYTES = 64 * TIB;
const MAX_VCPUS = 512;
const MAX_ARGUMENTS_CHARACTERS = 2_048;
const MAX_HOSTS = 64;
const MAX_URI_CHARACTERS = 512;
export const MAX_STOP_TIMEOUT_MS = 600_000;

const VIRTUALIZATIONS = ['auto', 'kvm', 'qemu'] as const;
const ADDRESS_SOURCES = ['lease', 'agent', 'arp'] as const;
const addressSourceSchema = z.enum(ADDRESS_SOURCES);

/** What a launch needs, after validation: bytes and milliseconds. */
const libvirtSettings = z.object({
  image: z.string().nullable(),
  pool: z.string(),
  diskSizeBytes: z.number().nullable(),
  kernel: z.string().nullable(),
  initrd: z.string().nullable(),
  kernelArguments: z.string().nullable(),
  memoryBytes: z.number(),
  vcpus: z.number(),
  virtualization: z.enum(VIRTUALIZATIONS),
  machineType: z.string().nullable(),
  /** One of the two is null. */
  network: z.string().nullable(),
  bridge: z.string().nullable(),
  addressFrom: addressSourceSchema,
  userData: userDataSettings.nullable(),
  stopTimeoutMs: z.number(),
});
export type LibvirtSettings = z.infer<typeof libvirtSettings>;

/** A name that libvirt knows: of a volume, a pool, a network. It ends up as an argument of virsh. */
const libvirtName = shown(z.string()).regex(/^[A-Za-z0-9][A-Za-z0-9._+@:-]{0,127}$/, {
  error: 'it is a name of letters, digits and . _ + @ : -, which starts with a letter or a digit',
});
/** Linux allows no longer one. */
const bridgeName = shown(z.string()).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/, {
  error: 'the name of a bridge has 1 to 15 letters, digits and . _ -',
});
const hostPath = filePathSchema.refine((path) => path.startsWith('/'), {
  error: 'it is an absolute path on the host that runs the servers',
});

/** The launch template's settings as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      image: libvirtName
        .optional()
        .describe('The base image: a volume of the pool. Each server gets a copy-on-write disk on top of it.'),
      pool: libvirtName.default('default').describe('The storage pool of the base image, and of the disks.'),
      diskSize: byteSizeSchema({ minBytes: MIN_DISK_BYTES, maxBytes: MAX_DISK_BYTES })
        .optional()
        .describe("The size of a server's disk; that of the base image where it is not given."),
      kernel: hostPath.optional().describe('A kernel on the host that is booted directly, without a boot loader.'),
      initrd: hostPath.optional().describe('The initial RAM disk of that kernel.'),
      kernelArguments: shown(z.string())
        .max(MAX_ARGUMENTS_CHARACTERS)
        .refine((text) => !/\p{Cc}/u.test(text), { error: 'they are one line' })
        .optional()
        .describe("That kernel's command line."),
      memory: byteSizeSchema({ minBytes: MIN_MEMORY_BYTES, maxBytes: MAX_MEMORY_BYTES })
        .prefault('1GiB')
        .describe('The memory of a server.'),
      vcpus: z.int().min(1).max(MAX_VCPUS).default(1).describe('The virtual processors of a server.'),
      virtualization: z
        .enum(VIRTUALIZATIONS)
        .default('auto')
        .describe('`kvm`, `qemu` for emulation in software, or `auto`: kvm where libvirt says that the host has it.'),
      machineType: libvirtName.optional().describe("The machine type, such as q35; libvirt's own choice if not given."),
      network: libvirtName
        .optional()
        .describe('The libvirt network that servers are in; `default` if there is no bridge.'),
      bridge: bridgeName.optional().describe('A bridge of the host that servers are on, instead of a network.'),
      addressFrom: addressSourceSchema
        .optional()
        .describe(
          "Where a server's addresses are read: `lease` of the network's own DHCP, the guest `agent`, or the host's `arp` table.",
        ),
      userData: userDataSchema(baseDir)
        .optional()
        .describe('What cloud-init is told at the first boot, on a disk of its own (NoCloud).'),
      stopTimeout: durationSchema({ maxMs: MAX_STOP_TIMEOUT_MS })
        .prefault('60s')
        .describe('How long a server may take to shut down before it is switched off.'),
    })
    .transform((written, context): LibvirtSettings => {
      const refuse = (path: readonly string[], message: string) => {
        context.issues.push({ code: 'custom', input: {}, path: [...path], message });
        return z.NEVER;
      };
      const { image = null, kernel = null, network = null, bridge = null, addressFrom } = written;
      if (image === null && kernel === null) return refuse([], 'name an image or a kernel that servers boot');
      if (image === null && written.diskSize !== undefined) return refuse(['diskSize'], 'it needs an image');
      for (const key of ['initrd', 'kernelArguments'] as const) {
        if (kernel === null && written[key] !== undefined) return refuse([key], 'it needs a kernel');
      }
      if (network !== null && bridge !== null) return refuse(['bridge'], 'name a network or a bridge, not both');
      if (bridge !== null && addressFrom === 'lease') {
        return refuse(['addressFrom'], 'libvirt gives no addresses on a bridge; write agent or arp');
      }
      return {
        image,
        pool: written.pool,
        diskSizeBytes: written.diskSize ?? null,
        kernel,
        initrd: written.initrd ?? null,
        kernelArguments: written.kernelArguments ?? null,
        memoryBytes: written.memory,
        vcpus: written.vcpus,
        virtualization: written.virtualization,
        machineType: written.machineType ?? null,
        network: bridge === null ? (network ?? 'default') : null,
        bridge,
        addressFrom: addressFrom ?? (bridge === null ? 'lease' : 'agent'),
        userData: written.userData ?? null,
        stopTimeoutMs: written.stopTimeout,
      };
    });
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives. */
export function readSettings(settings: JsonObject): LibvirtSettings {
  return readExactly(libvirtSettings, settings);
}

/** Where the machines are. */
const providerSettings = z.object({
  /** By zone. One without a name is the only place. */
  hosts: z.array(z.object({ zone: z.string().nullable(), uri: z.string() })).min(1),
});
export type HostSettings = z.infer<typeof providerSettings>['hosts'][number];

const DEFAULT_URI = 'qemu:///system';

/** Drivers other than QEMU's have other machines. */
const uriSchema = shown(z.string())
  .max(MAX_URI_CHARACTERS)
  .regex(/^qemu(?:\+[a-z0-9]+)?:\/\/[^\s/]*\/(?:system|session)(?:\?\S*)?$/, {
    error: 'it is a libvirt URI of QEMU, such as qemu:///system or qemu+ssh://drover@host-a.example/system',
  })
  .refine((uri) => !/[?&]no_verify=/.test(uri), {
    error: 'no_verify would take anybody for the host; add its key to known_hosts, or its CA, instead',
  })
  .refine((uri) => !/[?&](?:password|passwd)=|:\/\/[^/@]*:[^/@]*@/.test(uri), {
    error: 'it holds no password; use an ssh key or a certificate',
  });

/** The settings of an entry of `providers`. */
export function providerSettingsSchema(): z.ZodType<JsonObject> {
  return z
    .strictObject({
      uri: uriSchema
        .optional()
        .describe(`The only host, by its libvirt URI; \`${DEFAULT_URI}\` if there are no hosts.`),
      hosts: z
        .record(nameSchema, z.strictObject({ uri: uriSchema.describe("The host's libvirt URI.") }))
        .refine((hosts) => Object.keys(hosts).length >= 1, { error: 'name at least one host, or leave hosts out' })
        .refine((hosts) => Object.keys(hosts).length <= MAX_HOSTS, { error: `there may be at most ${MAX_HOSTS}` })
        .optional()
        .describe('Several hosts, by name: each is a zone.'),
    })
    .transform(({ uri, hosts }, context): JsonObject => {
      if (uri !== undefined && hosts !== undefined) {
        context.issues.push({
          code: 'custom',
          input: {},
          path: ['uri'],
          message: 'write it under hosts, or leave hosts out',
        });
        return z.NEVER;
      }
      if (hosts === undefined) return { hosts: [{ zone: null, uri: uri ?? DEFAULT_URI }] };
      return { hosts: Object.entries(hosts).map(([zone, host]) => ({ zone, uri: host.uri })) };
    });
}

/** The hosts of an instance; that of an empty entry where the type is used by its own name. */
export function hostsOf(settings: JsonObject): readonly HostSettings[] {
  return readExactly(providerSettings, 'hosts' in settings ? settings : { hosts: [{ zone: null, uri: DEFAULT_URI }] })
    .hosts;
}
