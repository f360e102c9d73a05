import { z } from 'zod';
import { KIB } from '../../base/byte-size.ts';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { byteSizeSchema } from '../../settings/byte-size.ts';
import { shown } from '../../settings/public.ts';
import { userDataSchema, userDataSettings } from '../../settings/user-data.ts';
import { isReservedTag } from './tags.ts';

const GIB = KIB * KIB * KIB;
const MAX_VOLUME_BYTES = 65_536 * GIB;
const MAX_IOPS = 256_000;
const MAX_THROUGHPUT = 2_000;
/** EC2 allows fifty, and some are Drover's. */
const MAX_TAGS = 40;
const MAX_TAG_KEY_CHARACTERS = 127;
const MAX_TAG_VALUE_CHARACTERS = 255;
/** EC2's default quota for an interface. */
const MAX_SECURITY_GROUPS = 16;

const ADDRESSES = ['private', 'public', 'ipv6'] as const;
const VOLUME_TYPES = ['gp2', 'gp3', 'io1', 'io2', 'standard', 'st1', 'sc1'] as const;
const MARKETS = ['onDemand', 'spot'] as const;
const METADATA_TOKENS = ['required', 'optional'] as const;

/** What a launch needs, after validation. What is null is left to EC2 or to its launch template. */
const launchSettings = z.object({
  template: z.object({ id: z.string().nullable(), name: z.string().nullable(), version: z.string() }).nullable(),
  image: z.string().nullable(),
  instanceType: z.string().nullable(),
  keyName: z.string().nullable(),
  securityGroups: z.array(z.string()),
  instanceProfile: z.string().nullable(),
  userData: userDataSettings.nullable(),
  rootVolume: z
    .object({
      device: z.string(),
      sizeGib: z.number().nullable(),
      type: z.enum(VOLUME_TYPES).nullable(),
      iops: z.number().nullable(),
      throughput: z.number().nullable(),
      encrypted: z.boolean().nullable(),
    })
    .nullable(),
  metadataTokens: z.enum(METADATA_TOKENS).nullable(),
  publicAddress: z.boolean().nullable(),
  addressFrom: z.enum(ADDRESSES),
  market: z.enum(MARKETS).nullable(),
  spotMaxPrice: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
});
export type LaunchSettings = z.infer<typeof launchSettings>;

/** Text that EC2 knows something by; it checks it itself. */
function named(pattern: RegExp, error: string) {
  return shown(z.string()).regex(pattern, { error });
}

const tagKeySchema = z
  .string()
  .min(1)
  .max(MAX_TAG_KEY_CHARACTERS)
  .refine((key) => !isReservedTag(key), { error: 'tags that begin with aws: or drover: are reserved' });
const tagValueSchema = shown(z.string())
  .max(MAX_TAG_VALUE_CHARACTERS)
  .refine((text) => !/\p{Cc}/u.test(text), { error: 'it is one line' });

const templateSchema = z
  .strictObject({
    id: named(/^lt-[0-9a-f]{8,32}$/, 'it is the id of a launch template, such as lt-0a1b2c3d4e5f60718')
      .optional()
      .describe('Its id.'),
    name: named(/^[A-Za-z0-9().\-/_]{3,128}$/, 'it is the name of a launch template of EC2')
      .optional()
      .describe('Its name, instead of its id.'),
    version: z
      .union([z.int().min(1), z.enum(['$Default', '$Latest'])])
      .default('$Default')
      .describe(
        'Its version: a number, `$Default` or `$Latest`. Only a number makes a new version a change of the fleet.',
      ),
  })
  .refine(({ id, name }) => (id === undefined) !== (name === undefined), { error: 'name it by its id or by its name' })
  .transform(({ id = null, name = null, version }) => ({ id, name, version: String(version) }));

const rootVolumeSchema = z
  .strictObject({
    device: named(/^\/dev\/[a-z0-9]{2,16}$|^xvd[a-z]{1,2}$/, 'it is the name of a device, such as /dev/xvda').describe(
      "The image's root device: another name would be a second volume.",
    ),
    size: byteSizeSchema({ minBytes: GIB, maxBytes: MAX_VOLUME_BYTES })
      .refine((bytes) => bytes % GIB === 0, { error: 'it is a whole number of GiB' })
      .optional()
      .describe("Its size; the image's where it is not given."),
    type: z.enum(VOLUME_TYPES).optional().describe('The type of the volume.'),
    iops: z.int().min(100).max(MAX_IOPS).optional().describe('Operations per second, where the type takes them.'),
    throughput: z.int().min(125).max(MAX_THROUGHPUT).optional().describe('MiB per second, of gp3.'),
    encrypted: z.boolean().optional().describe("Whether it is encrypted, with the account's default key."),
  })
  .transform(({ device, size, type = null, iops = null, throughput = null, encrypted = null }) => ({
    device,
    sizeGib: size === undefined ? null : size / GIB,
    type,
    iops,
    throughput,
    encrypted,
  }));

/** The launch template's settings as a person writes them. */
export function settingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      template: templateSchema
        .optional()
        .describe('A launch template of EC2. What is written beside it goes before what it says.'),
      image: named(/^ami-[0-9a-f]{8,32}$/, 'it is the id of an image, such as ami-0a1b2c3d4e5f60718')
        .optional()
        .describe('The image (AMI), by its id.'),
      imageParameter: named(/^[A-Za-z0-9_./:-]{1,1011}$/, 'it is the name of a parameter of SSM')
        .optional()
        .describe('A parameter of SSM that holds the id of the image, instead of `image`. It is read at each launch.'),
      instanceType: named(/^[a-z0-9-]{1,32}\.[a-z0-9-]{1,32}$/, 'it is an instance type, such as t3.micro')
        .optional()
        .describe('The instance type, where the launch template names no `instanceTypes`.'),
      keyName: named(/^[\x20-\x7e]{1,255}$/, 'it is the name of a key pair')
        .optional()
        .describe('The key pair for ssh.'),
      securityGroups: z
        .array(named(/^sg-[0-9a-f]{8,32}$/, 'it is the id of a security group, such as sg-0a1b2c3d4e5f60718'))
        .max(MAX_SECURITY_GROUPS)
        .default([])
        .describe("Security groups, by id; the VPC's default one where none is named."),
      instanceProfile: named(
        /^(?:arn:aws[a-z-]*:iam::\d{12}:instance-profile\/)?[\w+=,.@/-]{1,512}$/,
        'it is the name or the ARN of an instance profile',
      )
        .optional()
        .describe('The IAM instance profile: what servers may do in AWS.'),
      userData: userDataSchema(baseDir)
        .optional()
        .describe('What cloud-init is told at the first boot; at most 16 KiB.'),
      rootVolume: rootVolumeSchema.optional().describe('The root volume, where the image is not to decide.'),
      metadataTokens: z
        .enum(METADATA_TOKENS)
        .optional()
        .describe('Whether the metadata service asks for a token (IMDSv2): `required`, unless a `template` decides.'),
      publicAddress: z
        .boolean()
        .optional()
        .describe("Whether a server gets a public address; the subnet's own way where it is not given."),
      addressFrom: z
        .enum(ADDRESSES)
        .default('private')
        .describe('The address that HAProxy reaches a server at: `private`, `public` or `ipv6`.'),
      market: z.enum(MARKETS).optional().describe('`onDemand`, or `spot`, which AWS may take back at any time.'),
      spotMaxPrice: named(/^\d{1,5}(?:\.\d{1,6})?$/, 'it is US dollars for an hour, such as "0.05"')
        .optional()
        .describe(
          'The most that an hour of a spot instance may cost, in US dollars; the price on demand if not given.',
        ),
      tags: z
        .record(tagKeySchema, tagValueSchema)
        .refine((tags) => Object.keys(tags).length <= MAX_TAGS, { error: `there may be at most ${MAX_TAGS}` })
        .default({})
        .describe("Tags of your own, on instances and their volumes. `Name` goes before Drover's own."),
    })
    .transform((written, context): LaunchSettings => {
      const refuse = (path: readonly string[], message: string) => {
        context.issues.push({ code: 'custom', input: {}, path: [...path], message });
        return z.NEVER;
      };
      const { template = null, image, imageParameter } = written;
      if (image !== undefined && imageParameter !== undefined) {
        return refuse(['imageParameter'], 'name image or imageParameter, not both');
      }
      if (template === null && image === undefined && imageParameter === undefined) {
        return refuse([], 'name an image, an imageParameter or a template');
      }
      if (written.spotMaxPrice !== undefined && written.market !== 'spot') {
        return refuse(['spotMaxPrice'], 'it is for the market spot');
      }
      if (written.addressFrom === 'public' && written.publicAddress === false) {
        return refuse(['addressFrom'], 'a server without a public address is not reached at one');
      }
      return {
        template,
        image: image ?? (imageParameter === undefined ? null : `resolve:ssm:${imageParameter}`),
        instanceType: written.instanceType ?? null,
        keyName: written.keyName ?? null,
        securityGroups: written.securityGroups,
        instanceProfile: written.instanceProfile ?? null,
        userData: written.userData ?? null,
        rootVolume: written.rootVolume ?? null,
        metadataTokens: written.metadataTokens ?? (template === null ? 'required' : null),
        publicAddress: written.publicAddress ?? null,
        addressFrom: written.addressFrom,
        market: written.market ?? (template === null ? 'onDemand' : null),
        spotMaxPrice: written.spotMaxPrice ?? null,
        tags: written.tags,
      };
    });
}

/** @throws PortError `Invalid` when the settings are not what `settingsSchema` gives */
export function readSettings(settings: JsonObject): LaunchSettings {
  return readExactly(launchSettings, settings);
}
