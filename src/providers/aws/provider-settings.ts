import { isIP } from 'node:net';
import { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import { readExactly } from '../../ports/read-settings.ts';
import { nameSchema } from '../../settings/fields.ts';
import { shown } from '../../settings/public.ts';
import { secretSchema, secretSettings } from '../../settings/secret.ts';

const MAX_ZONES = 32;
const MAX_NAME_CHARACTERS = 255;

/** Which account and region, and where in it. */
const providerSettings = z.object({
  region: z.string(),
  profile: z.string().nullable(),
  credentials: z
    .object({
      accessKeyId: secretSettings,
      secretAccessKey: secretSettings,
      sessionToken: secretSettings.nullable(),
    })
    .nullable(),
  assumeRole: z.object({ arn: z.string(), externalId: z.string().nullable() }).nullable(),
  endpoint: z.string().nullable(),
  /** By zone, its id or its name. One without a zone is the only place; none at all leaves the choice to EC2. */
  subnets: z.array(z.object({ zone: z.string().nullable(), subnet: z.string() })),
});
export type AwsSettings = z.infer<typeof providerSettings>;

const regionSchema = shown(z.string()).regex(/^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/, {
  error: 'it is the name of a region, such as eu-central-1',
});

/** Tags, and so names, are taken whole: a `*` would be a pattern in a filter. */
const subnetSchema = shown(z.string()).regex(/^[A-Za-z0-9][A-Za-z0-9 _.:/=+@-]{0,254}$/, {
  error: 'it is the id of a subnet, such as subnet-0a1b2c3d, or what its tag Name says, without * and ?',
});

const roleSchema = shown(z.string()).regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, {
  error: 'it is the ARN of a role, such as arn:aws:iam::123456789012:role/drover',
});

const endpointSchema = shown(z.string())
  .max(MAX_NAME_CHARACTERS)
  .refine((text) => URL.canParse(text), { error: 'it is a URL', abort: true })
  .refine((text) => isSafe(new URL(text)), {
    error: 'it is an https URL without user, query or path; http is for loopback addresses alone',
  });

function isSafe({ protocol, hostname, username, password, pathname, search, hash }: URL): boolean {
  if (username + password + search + hash !== '' || pathname !== '/') return false;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isLoopback = host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return protocol === 'https:' || (protocol === 'http:' && isLoopback);
}

/** The settings of an entry of `providers`. */
export function providerSettingsSchema(baseDir: string): z.ZodType<JsonObject> {
  return z
    .strictObject({
      region: regionSchema.describe('The region.'),
      profile: shown(z.string())
        .regex(/^[\w+=,.@/-]{1,128}$/, { error: "it is the name of a profile in AWS's own files" })
        .optional()
        .describe("A profile of AWS's own files (`~/.aws/config`) that credentials are taken from."),
      credentials: z
        .strictObject({
          accessKeyId: secretSchema(baseDir).describe('The id of the access key.'),
          secretAccessKey: secretSchema(baseDir).describe('The access key.'),
          sessionToken: secretSchema(baseDir).optional().describe('The session token of temporary credentials.'),
        })
        .optional()
        .describe('An access key. They are read when they are needed, and never stored.'),
      assumeRole: z
        .strictObject({
          arn: roleSchema.describe('The role.'),
          externalId: z
            .string()
            .regex(/^[\w+=,.@:/-]{2,1224}$/, { error: 'it is the external id that the role asks for' })
            .optional()
            .describe('The external id that the role asks for.'),
        })
        .optional()
        .describe('A role that is taken on with these credentials.'),
      endpoint: endpointSchema.optional().describe("Another endpoint than the region's own, of EC2 and STS."),
      subnet: subnetSchema
        .optional()
        .describe('The only subnet that servers are in: its id, or what its tag `Name` says.'),
      zones: z
        .record(nameSchema, z.strictObject({ subnet: subnetSchema.describe("The zone's subnet: its id or its name.") }))
        .refine((zones) => Object.keys(zones).length >= 1, { error: 'name at least one zone, or leave zones out' })
        .refine((zones) => Object.keys(zones).length <= MAX_ZONES, { error: `there may be at most ${MAX_ZONES}` })
        .refine(
          (zones) => new Set(Object.values(zones).map(({ subnet }) => subnet)).size === Object.keys(zones).length,
          {
            error: 'each zone has a subnet of its own',
          },
        )
        .optional()
        .describe('Several subnets, by name: each is a zone. They are in availability zones that fail by themselves.'),
    })
    .transform((written, context): AwsSettings => {
      const { profile = null, credentials = null, subnet, zones = {} } = written;
      const refuse = (key: string, message: string) => {
        context.issues.push({ code: 'custom', input: {}, path: [key], message });
        return z.NEVER;
      };
      if (profile !== null && credentials !== null) return refuse('profile', 'name a profile or credentials, not both');
      if (subnet !== undefined && written.zones !== undefined) {
        return refuse('subnet', 'write it under zones, or leave zones out');
      }
      const zoned = Object.entries(zones).map(([zone, value]) => ({ zone, subnet: value.subnet }));
      const role = written.assumeRole;
      return {
        region: written.region,
        profile,
        credentials: credentials === null ? null : { ...credentials, sessionToken: credentials.sessionToken ?? null },
        assumeRole: role === undefined ? null : { arn: role.arn, externalId: role.externalId ?? null },
        endpoint: written.endpoint ?? null,
        subnets: subnet === undefined ? zoned : [{ zone: null, subnet }],
      };
    });
}

/** @throws PortError `Invalid` when the settings are not what `providerSettingsSchema` gives */
export function readProviderSettings(settings: JsonObject): AwsSettings {
  return readExactly(providerSettings, settings);
}

export function zonesOf(settings: JsonObject): readonly string[] {
  return readProviderSettings(settings).subnets.flatMap(({ zone }) => (zone === null ? [] : [zone]));
}
